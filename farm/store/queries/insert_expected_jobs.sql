-- A job that should be measured in a night.
INSERT INTO expected_jobs (
    night_id,
    number,
    device_name,
    workload_id,
    workload_key,
    artifact_name,
    artifact_sha256,
    pass,
    repeat,
    metric,
    next_due_by,
    kind,
    priority,
    design,
    block,
    position
)
VALUES (
    $night_id::UUID,
    $number,
    $device_name,
    $workload_id,
    $workload_key,
    $artifact_name,
    $artifact_sha256,
    $pass,
    $repeat,
    $metric,
    $next_due_by::TIMESTAMP,
    $kind,
    $priority,
    $design,
    $block,
    $position
);
