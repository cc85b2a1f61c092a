-- The valid runs that may answer the pending requests of a branch: of the same series, in sessions that began after it was asked.
SELECT
    confirmations.id::VARCHAR AS confirmation_id,
    confirmations.metric,
    sessions.id::VARCHAR AS session_id,
    runs.id::VARCHAR AS run_id
FROM confirmations
JOIN runs ON runs.series_key = confirmations.series_key
JOIN sessions ON sessions.id = runs.session_id
WHERE confirmations.branch = $branch
  AND sessions.branch = $branch
  AND sessions.started_at > confirmations.asked_at
  AND sessions.started_at <= $as_of::TIMESTAMP
  AND runs.outcome = 'ok'
  AND NOT EXISTS (SELECT 1 FROM placements WHERE placements.run_id = runs.id)
  AND NOT EXISTS (SELECT 1 FROM confirmation_answers WHERE confirmation_id = confirmations.id)
ORDER BY sessions.started_at, session_id, runs.started_at, runs.id;
