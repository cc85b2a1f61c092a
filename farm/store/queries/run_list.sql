-- The newest runs, newest first.
SELECT
    runs.id::VARCHAR AS run_id,
    runs.started_at,
    sessions.device_name AS device,
    runs.workload_id AS workload,
    artifacts.name AS artifact,
    runs.pass,
    runs.repeat,
    runs.attempt,
    runs.outcome,
    runs.reason,
    run_statistics.metric,
    run_statistics.p50
FROM runs
JOIN sessions ON sessions.id = runs.session_id
JOIN devices ON devices.id = runs.device_id
JOIN artifacts ON artifacts.sha256 = runs.artifact_sha256
LEFT JOIN run_statistics ON run_statistics.run_id = runs.id AND run_statistics.metric = (
    CASE runs.pass
        WHEN 'latency' THEN CASE WHEN runs.workload_key IN (SELECT key FROM workloads WHERE prompt_tokens IS NOT NULL) THEN 'token_ns' ELSE 'latency_ns' END
        WHEN 'memory' THEN CASE devices.kind WHEN 'ios' THEN 'phys_footprint_bytes' ELSE 'vm_hwm_bytes' END
        WHEN 'sustain' THEN 'sustained_ratio'
        WHEN 'profile' THEN CASE WHEN runs.workload_key IN (SELECT key FROM workloads WHERE prompt_tokens IS NOT NULL) THEN 'traced_token_ns' ELSE 'traced_latency_ns' END
        WHEN 'power' THEN CASE WHEN runs.workload_key IN (SELECT key FROM workloads WHERE prompt_tokens IS NOT NULL) THEN 'energy_per_token_uj' ELSE 'energy_per_inference_uj' END
        ELSE runs.pass || '_ns'
    END
)
WHERE ($outcome IS NULL OR runs.outcome = $outcome)
  AND ($workload IS NULL OR runs.workload_id = $workload)
  AND ($device IS NULL OR sessions.device_name = $device)
ORDER BY runs.started_at DESC, runs.id DESC
LIMIT $most;
