-- The raw readings of chosen runs.
SELECT run_id::VARCHAR AS run_id, metric, source, values
FROM samples
WHERE list_contains($run_ids::UUID[], run_id)
ORDER BY run_id, metric, source;
