-- The raw readings that stay, from one database into another: all but those of the runs in the table chosen.
INSERT INTO target.samples
SELECT *
FROM source.samples
WHERE run_id NOT IN (SELECT run_id FROM temp.chosen)
   OR len(values) <= $few
   OR list_contains($kept_sources::VARCHAR[], source);
