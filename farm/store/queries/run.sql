-- One run with its session, device, workload and artifact. id is the beginning or the end of the run's identity.
SELECT
    runs.* EXCLUDE (id, session_id),
    runs.id::VARCHAR AS run_id,
    runs.session_id::VARCHAR AS session_id,
    sessions.* EXCLUDE (id, started_at, device_id),
    sessions.started_at AS session_started_at,
    devices.kind,
    devices.model,
    devices.soc,
    devices.architecture,
    devices.cpu_count,
    devices.memory_bytes,
    artifacts.name AS artifact,
    artifacts.size_bytes,
    artifacts.recipe,
    workloads.method,
    workloads.inputs_sha256,
    workloads.settings,
    workloads.prompt_tokens
FROM runs
JOIN sessions ON sessions.id = runs.session_id
JOIN devices ON devices.id = runs.device_id
JOIN artifacts ON artifacts.sha256 = runs.artifact_sha256
JOIN workloads ON workloads.key = runs.workload_key
WHERE starts_with(runs.id::VARCHAR, $id) OR ends_with(runs.id::VARCHAR, $id)
ORDER BY runs.started_at
LIMIT 2;
