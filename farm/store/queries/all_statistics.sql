-- Every statistic of every measured run that the database holds, in the order in which the runs began: for a few runs in memory.
SELECT
    runs.id::VARCHAR AS run_id,
    runs.workload_id AS workload,
    artifacts.name AS artifact,
    runs.artifact_sha256,
    runs.pass,
    runs.repeat,
    runs.attempt,
    runs.outcome,
    runs.flavour,
    runs.threads,
    run_statistics.metric,
    run_statistics.readings,
    run_statistics.p50,
    run_statistics.p90,
    run_statistics.p99,
    run_statistics.first
FROM run_statistics
JOIN runs ON runs.id = run_statistics.run_id
JOIN artifacts ON artifacts.sha256 = runs.artifact_sha256
ORDER BY runs.started_at, run_statistics.metric;
