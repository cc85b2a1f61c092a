-- How the numbers of a device (its id) scatter while nothing changes, by the newest calibration of each; is_current: its newest session had
-- the same OS build.
WITH latest AS (
    SELECT arg_max(os_build, started_at) AS os_build
    FROM sessions
    WHERE device_id = $device AND started_at <= $as_of::TIMESTAMP
)
SELECT
    noises.workload_id AS workload,
    noises.metric,
    noises.statistic,
    noises.flavour,
    noises.deviation,
    noises.runs,
    noises.ratio,
    noises.ratio_low,
    noises.ratio_high,
    noises.os_build,
    calibrations.measured_at,
    coalesce(latest.os_build = noises.os_build, TRUE) AS is_current
FROM noises
JOIN calibrations ON calibrations.id = noises.calibration_id
CROSS JOIN latest
WHERE noises.device_id = $device AND calibrations.measured_at <= $as_of::TIMESTAMP
QUALIFY row_number() OVER (
    PARTITION BY noises.workload_key, noises.metric, noises.statistic, noises.flavour ORDER BY calibrations.measured_at DESC
) = 1
ORDER BY workload, noises.metric, noises.statistic, noises.flavour;
