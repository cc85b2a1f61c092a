-- How each look since a moment moved a device's standing, oldest first; none where no moment is given.
SELECT
    coalesce(device_id, 'called ' || device_name) AS whose,
    health_before,
    health,
    lag(failed, 1, 0) OVER own AS failed_before,
    failed,
    lag(passed, 1, 0) OVER own AS passed_before,
    passed
FROM health_looks
WINDOW own AS (PARTITION BY coalesce(device_id, 'called ' || device_name) ORDER BY looked_at, id)
QUALIFY looked_at >= $since::TIMESTAMP
ORDER BY looked_at, id;
