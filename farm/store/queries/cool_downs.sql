-- How long each device was waited for until it was cool, in the runs that began since a moment.
SELECT sessions.device_name AS device, count(*) AS runs, sum(device_state.value) AS waited_s
FROM device_state
JOIN runs ON runs.id = device_state.run_id
JOIN sessions ON sessions.id = runs.session_id
WHERE device_state.name = 'cool_down_s' AND device_state.value IS NOT NULL AND runs.started_at >= $since::TIMESTAMP
GROUP BY device
ORDER BY device;
