-- The statistics of every measured run, with what is known of the run, in the order in which the runs began.
-- workload, device, flavour, settings: NULL for all; device is its name or its id, settings the beginning of the workload's key.
SELECT
    runs.id::VARCHAR AS run_id,
    runs.session_id::VARCHAR AS session_id,
    sessions.started_at AS session_started_at,
    runs.started_at,
    runs.device_id,
    sessions.device_name AS device,
    devices.model,
    devices.soc,
    sessions.os_build,
    runs.workload_id AS workload,
    runs.workload_key,
    runs.series_key,
    artifacts.name AS artifact,
    runs.artifact_sha256,
    sessions.revision,
    sessions.branch,
    runs.pass,
    runs.repeat,
    runs.attempt,
    runs.outcome,
    runs.reason,
    runs.runtime,
    runs.runtime_version,
    runs.flavour,
    runs.threads,
    runs.harness_hash,
    sessions.farm_version,
    run_statistics.metric,
    run_statistics.readings,
    run_statistics.p50,
    run_statistics.p90,
    run_statistics.p99,
    run_statistics.first
FROM run_statistics
JOIN runs ON runs.id = run_statistics.run_id
JOIN sessions ON sessions.id = runs.session_id
JOIN devices ON devices.id = runs.device_id
JOIN artifacts ON artifacts.sha256 = runs.artifact_sha256
WHERE ($workload IS NULL OR runs.workload_id = $workload)
  AND ($device IS NULL OR sessions.device_name = $device OR runs.device_id = $device)
  AND ($flavour IS NULL OR runs.flavour = $flavour)
  AND ($settings IS NULL OR starts_with(runs.workload_key, $settings))
ORDER BY runs.started_at, runs.id, run_statistics.metric;
