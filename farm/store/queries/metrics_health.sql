-- The health of each device, since when, and when it was last looked at.
SELECT
    device_name AS device,
    arg_max(health, looked_at) AS health,
    epoch(arg_max(since, looked_at)) AS since_s,
    epoch(max(looked_at)) AS looked_at_s
FROM health_looks
GROUP BY device_name
ORDER BY device;
