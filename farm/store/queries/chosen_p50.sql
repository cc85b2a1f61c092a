-- The p50 of one metric of chosen runs. The runs come as one list: DuckDB then tests the identities while it scans and
-- reads the readings of these runs only, where a join would read everybody's.
SELECT run_id::VARCHAR AS run_id, list_aggregate(values, 'quantile_cont', 0.5) AS p50
FROM samples
WHERE list_contains($run_ids::UUID[], run_id) AND metric = $metric AND source = ''
UNION ALL
SELECT run_id::VARCHAR, p50
FROM pruned_samples
WHERE list_contains($run_ids::UUID[], run_id) AND metric = $metric AND source = '';
