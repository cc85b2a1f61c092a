-- One metric of one series over time: each measured run's p50, oldest first.
SELECT
    runs.id::VARCHAR AS run_id,
    runs.started_at,
    runs.outcome,
    runs.artifact_sha256,
    runs.harness_hash,
    list_aggregate(samples.values, 'quantile_cont', 0.5) AS p50
FROM runs
JOIN samples ON samples.run_id = runs.id
WHERE runs.series_key = $series_key AND samples.metric = $metric AND samples.source = ''
ORDER BY runs.started_at;
