-- What was tried last with a device that did not answer.
WITH newest AS (
    SELECT looks.id, looks.looked_at
    FROM health_looks AS looks
    WHERE (looks.device_id = $device_id OR (looks.device_id IS NULL AND looks.device_name = $device))
      AND EXISTS (SELECT 1 FROM recovery_steps WHERE recovery_steps.look_id = looks.id)
    ORDER BY looks.looked_at DESC, looks.id DESC
    LIMIT 1
)
SELECT newest.looked_at, steps.rung, steps.tried, steps.sentence, steps.seconds, steps.output
FROM recovery_steps AS steps
JOIN newest ON newest.id = steps.look_id
ORDER BY steps.number;
