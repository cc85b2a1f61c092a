-- What came of a branch's runs since a night: how many by device, workload, pass, night and outcome, with the newest reason.
-- Runs of a gate are of no night. device (its id or its name): NULL for all.
SELECT
    runs.device_id,
    runs.workload_id AS workload,
    runs.pass,
    session_nights.day,
    runs.outcome,
    count(*) AS runs,
    arg_max(runs.reason, runs.started_at) AS reason
FROM runs
JOIN sessions ON sessions.id = runs.session_id
JOIN session_nights ON session_nights.session_id = sessions.id
WHERE sessions.branch = $branch
  AND sessions.started_at <= $as_of::TIMESTAMP
  AND session_nights.day >= $since::DATE
  AND ($device IS NULL OR sessions.device_name = $device OR runs.device_id = $device)
  AND NOT EXISTS (SELECT 1 FROM placements WHERE placements.run_id = runs.id)
GROUP BY runs.device_id, runs.workload_id, runs.pass, session_nights.day, runs.outcome
ORDER BY runs.device_id, session_nights.day, workload, runs.pass, runs.outcome;
