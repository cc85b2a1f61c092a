-- The expected jobs of a night with what came of them, in their order.
SELECT
    number,
    device_name AS device,
    workload_id AS workload,
    workload_key,
    artifact_name,
    artifact_sha256,
    pass,
    repeat,
    metric,
    kind,
    priority,
    design,
    block,
    position,
    run_id::VARCHAR AS run_id,
    reason,
    state
FROM expected_states
WHERE night_id = $night::UUID
ORDER BY number;
