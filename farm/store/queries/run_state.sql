-- The device's state around one run.
SELECT phase, name, source, value, text, reason FROM device_state WHERE run_id = $run_id::UUID ORDER BY phase DESC, name, source;
