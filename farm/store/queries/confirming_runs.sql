-- The valid runs that may answer the pending requests of a branch: of the same series, in sessions that began after it was asked.
SELECT
    confirmations.id::VARCHAR AS confirmation_id,
    sessions.id::VARCHAR AS session_id,
    sessions.started_at AS session_began_at,
    run_statistics.p50 AS value
FROM confirmations
JOIN runs ON runs.series_key = confirmations.series_key
JOIN sessions ON sessions.id = runs.session_id
JOIN run_statistics ON run_statistics.run_id = runs.id AND run_statistics.metric = confirmations.metric
WHERE confirmations.branch = $branch
  AND sessions.branch = $branch
  AND sessions.started_at > confirmations.asked_at
  AND sessions.started_at <= $as_of::TIMESTAMP
  AND runs.outcome = 'ok'
  AND NOT EXISTS (SELECT 1 FROM confirmation_answers WHERE confirmation_id = confirmations.id)
ORDER BY session_began_at, session_id, runs.started_at, runs.id;
