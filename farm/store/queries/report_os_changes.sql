-- Devices that looks found with another OS build than before, since a moment, oldest first.
SELECT health_looks.device_name AS device, health_looks.looked_at, health_checks.limit_text AS before, health_checks.reading AS after
FROM health_checks JOIN health_looks ON health_looks.id = health_checks.look_id
WHERE health_checks.name = 'os_build'
  AND health_checks.limit_text <> health_checks.reading
  AND health_looks.looked_at >= $since::TIMESTAMP
  AND health_looks.looked_at <= $as_of::TIMESTAMP
ORDER BY health_looks.looked_at, device;
