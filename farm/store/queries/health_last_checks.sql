-- The checks of the newest look at a device that made any.
WITH newest AS (
    SELECT id, looked_at
    FROM health_looks
    WHERE kind = 'checks' AND (device_id = $device_id OR (device_id IS NULL AND device_name = $device))
    ORDER BY looked_at DESC, id DESC
    LIMIT 1
)
SELECT newest.looked_at, checks.name, checks.ok, checks.reading, checks.limit_text, checks.sentence
FROM health_checks AS checks
JOIN newest ON newest.id = checks.look_id
ORDER BY checks.number;
