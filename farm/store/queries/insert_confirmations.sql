-- A request for fresh runs.
INSERT INTO confirmations (
    id,
    finding_id,
    asked_at,
    branch,
    device_id,
    device_name,
    series_key,
    workload_id,
    workload_key,
    pass,
    metric,
    runs,
    suspicion
)
VALUES (
    $id::UUID,
    $finding_id,
    $asked_at::TIMESTAMP,
    $branch,
    $device_id,
    $device_name,
    $series_key,
    $workload_id,
    $workload_key,
    $pass,
    $metric,
    $runs,
    $suspicion::JSON
);
