-- What the newest session of the canary came to on each device, by the name that it had then.
SELECT device_name AS device, device_id, state, reason, measured_at, value_ns, band_low_ns, band_high_ns
FROM canaries
QUALIFY row_number() OVER (PARTITION BY device_name ORDER BY measured_at DESC, session_id DESC) = 1
ORDER BY device;
