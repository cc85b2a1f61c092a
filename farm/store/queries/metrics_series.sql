-- When each series was last measured with success, and last attempted: device, workload, pass and branch. NULL: never with success.
SELECT
    sessions.device_name AS device,
    runs.workload_id AS workload,
    runs.pass,
    sessions.branch,
    epoch(max(runs.ended_at) FILTER (runs.outcome = 'ok')) AS success_at_s,
    epoch(max(runs.ended_at)) AS attempt_at_s
FROM runs
JOIN sessions ON sessions.id = runs.session_id
WHERE NOT EXISTS (SELECT 1 FROM placements WHERE placements.run_id = runs.id)
GROUP BY sessions.device_name, runs.workload_id, runs.pass, sessions.branch
ORDER BY ALL;
