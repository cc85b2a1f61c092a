-- What came of the runs of a branch that gave no valid number, session by session, oldest first, from when the first of its series ended.
WITH ends AS (
    SELECT max(sessions.started_at) AS ended_at
    FROM runs
    JOIN sessions ON sessions.id = runs.session_id
    WHERE sessions.branch = $branch AND sessions.started_at <= $as_of::TIMESTAMP AND runs.outcome = 'ok' AND runs.series_key IS NOT NULL
    GROUP BY runs.series_key
)
SELECT
    runs.device_id,
    sessions.device_name AS device,
    runs.workload_id AS workload,
    runs.pass,
    sessions.started_at AS began_at,
    count(*) AS runs,
    arg_max(runs.outcome, runs.started_at) AS outcome,
    arg_max(runs.reason, runs.started_at) AS reason
FROM runs
JOIN sessions ON sessions.id = runs.session_id
WHERE sessions.branch = $branch
  AND runs.outcome <> 'ok'
  AND NOT EXISTS (SELECT 1 FROM placements WHERE placements.run_id = runs.id)
  AND sessions.started_at BETWEEN (SELECT coalesce(min(ends.ended_at), TIMESTAMP '1970-01-01') FROM ends) AND $as_of::TIMESTAMP
GROUP BY runs.device_id, sessions.device_name, runs.workload_id, runs.pass, sessions.started_at
ORDER BY sessions.started_at;
