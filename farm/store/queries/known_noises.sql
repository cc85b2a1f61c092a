-- The newest noise of every number on these devices, by the names that they had.
SELECT
    noises.device_name AS device,
    noises.device_id,
    noises.workload_id AS workload,
    noises.workload_key,
    noises.metric,
    noises.statistic,
    noises.deviation,
    noises.runs,
    calibrations.measured_at
FROM noises
JOIN calibrations ON calibrations.id = noises.calibration_id
WHERE list_contains($devices::VARCHAR[], noises.device_name)
QUALIFY row_number() OVER (
    PARTITION BY noises.device_name, noises.workload_key, noises.metric, noises.statistic ORDER BY calibrations.measured_at DESC
) = 1
ORDER BY device, workload, noises.metric, noises.statistic;
