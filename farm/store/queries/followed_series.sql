-- The series of a branch, less the metric, each with what it is of; the device by the name that it had last.
SELECT
    runs.series_key,
    any_value(runs.device_id) AS device_id,
    arg_max(sessions.device_name, sessions.started_at) AS device,
    any_value(runs.workload_id) AS workload,
    any_value(runs.workload_key) AS workload_key,
    any_value(runs.pass) AS pass,
    any_value(runs.runtime) AS runtime,
    any_value(runs.flavour) AS flavour,
    any_value(runs.threads) AS threads,
    arg_max(sessions.command, sessions.started_at) AS command
FROM runs
JOIN sessions ON sessions.id = runs.session_id
WHERE sessions.branch = $branch
  AND sessions.started_at <= $as_of::TIMESTAMP
  AND runs.outcome = 'ok'
  AND runs.series_key IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM placements WHERE placements.run_id = runs.id)
GROUP BY runs.series_key;
