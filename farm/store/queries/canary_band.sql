-- The sessions that tell a device's band, oldest first: those since the newest one that began a band.
SELECT value_ns, runs, series_key, os_build, harness_hash, runtime_version
FROM canaries
WHERE device_id = $device
  AND is_band
  AND value_ns IS NOT NULL
  AND measured_at >= coalesce((SELECT max(measured_at) FROM canaries WHERE device_id = $device AND begins_band), TIMESTAMP '1970-01-01')
ORDER BY measured_at, session_id;
