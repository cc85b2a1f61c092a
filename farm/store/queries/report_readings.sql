-- The raw readings of chosen runs, with their times.
SELECT run_id::VARCHAR AS run, metric, source, values, at_ns
FROM samples
WHERE list_contains($run_ids::UUID[], run_id)
ORDER BY run, metric, source;
