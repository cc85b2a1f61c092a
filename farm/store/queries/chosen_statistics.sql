-- The statistics of chosen runs.
SELECT run_id::VARCHAR AS run, metric, p50, p90, p99, first
FROM run_statistics
WHERE list_contains($run_ids::UUID[], run_id);
