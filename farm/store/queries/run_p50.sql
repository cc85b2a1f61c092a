-- The p50 of one metric of every measured run.
SELECT run_id, list_aggregate(values, 'quantile_cont', 0.5) AS p50
FROM samples
WHERE metric = $metric AND source = ''
UNION ALL
SELECT run_id, p50
FROM pruned_samples
WHERE metric = $metric AND source = '';
