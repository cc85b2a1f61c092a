-- What came of the runs of a branch that gave no valid number, session by session from a time on, oldest first.
SELECT
    runs.device_id,
    sessions.device_name AS device,
    runs.workload_id AS workload,
    runs.pass,
    sessions.started_at AS at,
    count(*) AS runs,
    arg_max(runs.outcome, runs.started_at) AS outcome,
    arg_max(runs.reason, runs.started_at) AS reason
FROM runs
JOIN sessions ON sessions.id = runs.session_id
WHERE sessions.branch = $branch AND runs.outcome <> 'ok' AND sessions.started_at > $since::TIMESTAMP
GROUP BY runs.device_id, sessions.device_name, runs.workload_id, runs.pass, sessions.started_at
ORDER BY sessions.started_at;
