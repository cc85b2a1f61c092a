-- Every session of the canary on a device, oldest first, with the band that it was held against; device is its id.
SELECT measured_at, value_ns, runs, is_band, begins_band, band_low_ns, band_high_ns, state, reason, series_key
FROM canaries
WHERE device_id = $device AND measured_at <= $as_of::TIMESTAMP
ORDER BY measured_at, session_id;
