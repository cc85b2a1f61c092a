-- The newest valid profile run of each device, workload, runtime, flavour and number of threads on a branch, the newest first.
-- device_id and workload: NULL for all.
SELECT
    runs.id::VARCHAR AS run_id,
    sessions.device_name AS device,
    runs.workload_id AS workload,
    runs.runtime,
    runs.flavour,
    runs.threads,
    runs.started_at,
    sessions.revision
FROM runs
JOIN sessions ON sessions.id = runs.session_id
WHERE runs.pass = 'profile'
  AND runs.outcome = 'ok'
  AND sessions.branch = $branch
  AND runs.started_at <= $as_of::TIMESTAMP
  AND ($device_id IS NULL OR runs.device_id = $device_id)
  AND ($workload IS NULL OR runs.workload_id = $workload)
QUALIFY row_number() OVER (
    PARTITION BY runs.device_id, runs.workload_id, runs.runtime, runs.flavour, runs.threads ORDER BY runs.started_at DESC, runs.id DESC
) = 1
ORDER BY runs.started_at DESC, run_id
LIMIT $most;
