-- The changes of a device's health, the newest first. device_id: NULL finds what is known of the name only.
SELECT changed_at, health_before, health, reason, kind, command
FROM health_changes
WHERE device_id = $device_id OR (device_id IS NULL AND device_name = $device)
ORDER BY changed_at DESC, look_id DESC;
