-- Which device answered to each name last, and the OS build that it had: by looks, and by sessions that measured.
SELECT
    device_name AS device,
    arg_max(device_id, seen_at) AS device_id,
    arg_max(os_build, seen_at) AS os_build
FROM (
    SELECT device_name, device_id, os_build, started_at AS seen_at FROM sessions
    UNION ALL
    SELECT device_name, device_id, os_build, looked_at FROM health_looks WHERE device_id IS NOT NULL AND os_build IS NOT NULL
)
GROUP BY device_name
ORDER BY device;
