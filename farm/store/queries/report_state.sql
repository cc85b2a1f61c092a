-- The state of the device around chosen runs.
SELECT run_id::VARCHAR AS run, phase, name, source, value, text, reason
FROM device_state
WHERE list_contains($run_ids::UUID[], run_id)
ORDER BY run, phase DESC, name, source;
