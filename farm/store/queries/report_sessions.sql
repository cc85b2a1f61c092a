-- The sessions of a branch, oldest first, with what they say of their device and tools: what the events of a device are told from.
-- device (its id or its name): NULL for all. One run of each session stands for it.
WITH of_branch AS (
    SELECT sessions.id, sessions.device_id, device_name, sessions.started_at, session_nights.day AS night, os_build, farm_version, revision
    FROM sessions
    JOIN session_nights ON session_nights.session_id = sessions.id
    WHERE branch = $branch
      AND sessions.started_at <= $as_of::TIMESTAMP
      AND ($device IS NULL OR device_name = $device OR sessions.device_id = $device)
),
spoke AS (
    SELECT
        runs.session_id,
        arg_min(runs.id, runs.started_at) AS run_id,
        arg_min(runs.runtime_version, runs.started_at) AS runtime_version,
        arg_min(runs.harness_hash, runs.started_at) AS harness
    FROM runs
    JOIN of_branch ON of_branch.id = runs.session_id
    WHERE runs.harness_hash IS NOT NULL
    GROUP BY runs.session_id
),
state AS (
    SELECT
        device_state.run_id,
        any_value(text) FILTER (name = 'battery_health') AS battery_health,
        any_value(value) FILTER (name = 'battery_cycle_count') AS battery_cycle_count,
        any_value(value) FILTER (name = 'battery_level_percent') AS battery_level_percent,
        any_value(value) FILTER (name = 'skin_temperature_c') AS skin_temperature_c,
        any_value(reason) FILTER (name = 'skin_temperature_c') AS skin_temperature_reason,
        any_value(value) FILTER (name = 'uptime_s') AS uptime_s
    FROM device_state
    JOIN spoke ON spoke.run_id = device_state.run_id
    WHERE phase = 'before'
    GROUP BY device_state.run_id
)
SELECT of_branch.* EXCLUDE (id), of_branch.id::VARCHAR AS session_id, spoke.runtime_version, spoke.harness, state.* EXCLUDE (run_id)
FROM of_branch
LEFT JOIN spoke ON spoke.session_id = of_branch.id
LEFT JOIN state ON state.run_id = spoke.run_id
ORDER BY of_branch.device_id, of_branch.started_at;
