-- The changes that a gate found outside its budgets, the largest first.
SELECT device_name AS device, workload_id AS workload, metric, statistic, ratio, ratio_low, ratio_high, worse, q_value
FROM gate_changes
WHERE gate_id = $gate::UUID
ORDER BY number;
