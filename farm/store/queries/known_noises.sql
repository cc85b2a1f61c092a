-- The newest noise of every number on these devices, by the names that they had; is_current: the newest session under that name was
-- of the same device with the same OS build.
WITH latest AS (
    SELECT device_name, arg_max(device_id, started_at) AS device_id, arg_max(os_build, started_at) AS os_build
    FROM sessions
    WHERE list_contains($devices::VARCHAR[], device_name)
    GROUP BY device_name
)
SELECT
    noises.device_name AS device,
    noises.device_id,
    noises.workload_id AS workload,
    noises.workload_key,
    noises.metric,
    noises.statistic,
    noises.deviation,
    noises.runs,
    calibrations.measured_at,
    coalesce(latest.device_id = noises.device_id AND latest.os_build = noises.os_build, TRUE) AS is_current
FROM noises
JOIN calibrations ON calibrations.id = noises.calibration_id
LEFT JOIN latest ON latest.device_name = noises.device_name
WHERE list_contains($devices::VARCHAR[], noises.device_name)
QUALIFY row_number() OVER (
    PARTITION BY noises.device_name, noises.workload_key, noises.metric, noises.statistic ORDER BY calibrations.measured_at DESC
) = 1
ORDER BY device, workload, noises.metric, noises.statistic;
