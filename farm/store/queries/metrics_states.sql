-- What each device does, since when, and whether a person holds it back.
WITH held AS (
    SELECT device_name, is_held FROM device_holds QUALIFY row_number() OVER (PARTITION BY device_name, place ORDER BY number DESC) = 1
)
SELECT
    rack_states.device_name AS device,
    arg_max(rack_states.state, rack_states.since_at) AS state,
    epoch(max(rack_states.since_at)) AS since_s,
    coalesce((SELECT bool_or(held.is_held) FROM held WHERE held.device_name = rack_states.device_name), false) AS is_held
FROM rack_states
GROUP BY rack_states.device_name
ORDER BY device;
