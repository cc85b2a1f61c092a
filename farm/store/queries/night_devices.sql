-- The devices of a night, where they hung, and who they said they are; device_id NULL: not reached yet.
SELECT
    night_devices.device_name AS name,
    night_devices.address::VARCHAR AS address,
    coalesce(
        night_identities.device_id,
        (
            SELECT arg_max(sessions.device_id, sessions.started_at)
            FROM sessions
            WHERE sessions.device_name = night_devices.device_name AND sessions.started_at >= nights.opened_at
        )
    ) AS device_id
FROM night_devices
JOIN nights ON nights.id = night_devices.night_id
LEFT JOIN night_identities
  ON night_identities.night_id = night_devices.night_id AND night_identities.device_name = night_devices.device_name
WHERE night_devices.night_id = $night::UUID
ORDER BY name;
