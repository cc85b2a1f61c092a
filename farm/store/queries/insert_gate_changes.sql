-- A change that a gate found outside its budgets.
INSERT INTO gate_changes (
    gate_id,
    number,
    device_name,
    workload_id,
    metric,
    statistic,
    ratio,
    ratio_low,
    ratio_high,
    worse,
    q_value
)
VALUES (
    $gate_id::UUID,
    $number,
    $device_name,
    $workload_id,
    $metric,
    $statistic,
    $ratio,
    $ratio_low,
    $ratio_high,
    $worse,
    $q_value
);
