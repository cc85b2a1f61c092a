-- The devices that a branch's runs are of, each with its newest session; device (its id or its name): NULL for all.
SELECT
    sessions.device_id,
    arg_max(sessions.device_name, sessions.started_at) AS device,
    any_value(devices.kind) AS kind,
    any_value(devices.model) AS model,
    any_value(devices.soc) AS soc,
    any_value(devices.cpu_count) AS cpu_count,
    any_value(devices.memory_bytes) AS memory_bytes,
    arg_max(sessions.os_build, sessions.started_at) AS os_build,
    min(sessions.started_at) AS first_at,
    min(session_nights.day) AS first_night,
    max(sessions.started_at) AS last_at,
    count(*) AS sessions
FROM sessions
JOIN devices ON devices.id = sessions.device_id
JOIN session_nights ON session_nights.session_id = sessions.id
WHERE sessions.branch = $branch
  AND sessions.started_at <= $as_of::TIMESTAMP
  AND ($device IS NULL OR sessions.device_name = $device OR sessions.device_id = $device)
GROUP BY sessions.device_id
ORDER BY device, sessions.device_id;
