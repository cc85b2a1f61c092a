-- How many rows of readings are to stay, and a number that other rows would not give: as counted() tells it of a table.
SELECT count(*), coalesce(sum(hash(rows)::HUGEINT), 0)::VARCHAR
FROM source.samples AS rows
WHERE run_id NOT IN (SELECT run_id FROM temp.chosen)
   OR len(values) <= $few
   OR list_contains($kept_sources::VARCHAR[], source);
