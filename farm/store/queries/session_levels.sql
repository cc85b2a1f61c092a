-- The level of every number in every session on these devices that was no gate's: the median over valid runs, oldest first.
-- metrics: "pass metric" of what each pass measures with nothing beside it.
SELECT
    sessions.device_name AS device,
    runs.workload_id AS workload,
    runs.workload_key,
    run_statistics.metric,
    sessions.started_at,
    median(run_statistics.p50) AS level
FROM run_statistics
JOIN runs ON runs.id = run_statistics.run_id
JOIN sessions ON sessions.id = runs.session_id
WHERE list_contains($devices::VARCHAR[], sessions.device_name)
  AND list_contains($keys::VARCHAR[], runs.workload_key)
  AND list_contains($metrics::VARCHAR[], runs.pass || ' ' || run_statistics.metric)
  AND runs.outcome = 'ok'
  AND isfinite(run_statistics.p50)
  AND NOT EXISTS (SELECT 1 FROM placements WHERE placements.run_id = runs.id)
GROUP BY device, workload, runs.workload_key, run_statistics.metric, sessions.id, sessions.started_at
ORDER BY sessions.started_at;
