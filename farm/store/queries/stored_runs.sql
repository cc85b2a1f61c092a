-- Every run of these workloads on these devices (null: of all, on all), with what tells its side and its place in a gate's measuring, where it has one.
SELECT
    runs.id::VARCHAR AS run,
    sessions.device_name AS device,
    runs.session_id::VARCHAR AS session,
    runs.runtime || ' ' || runs.flavour AS flavour,
    runs.workload_id AS workload,
    runs.workload_key,
    runs.pass,
    runs.artifact_sha256,
    sessions.revision,
    placements.gate_id::VARCHAR AS gate,
    placements.side,
    placements.block,
    placements.position,
    runs.outcome,
    runs.reason,
    runs.output_check
FROM runs
JOIN sessions ON sessions.id = runs.session_id
LEFT JOIN placements ON placements.run_id = runs.id
WHERE ($workloads::VARCHAR[] IS NULL OR list_contains($workloads::VARCHAR[], runs.workload_id))
  AND ($devices::VARCHAR[] IS NULL OR list_contains($devices::VARCHAR[], sessions.device_name))
ORDER BY runs.started_at, runs.id;
