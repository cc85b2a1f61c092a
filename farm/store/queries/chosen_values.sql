-- The value (p50) of each metric of chosen runs, which come as one list: a filter on it reaches the readings before they are summarised.
SELECT run_id::VARCHAR AS run_id, metric, p50 AS value
FROM run_statistics
WHERE list_contains($run_ids::UUID[], run_id) AND isfinite(p50);
