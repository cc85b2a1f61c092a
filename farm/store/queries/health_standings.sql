-- Where each device stands, by its newest look; a device that has never answered is known by its name only.
SELECT
    coalesce(device_id, 'called ' || device_name) AS whose,
    device_id,
    device_name AS device,
    looked_at,
    health,
    since,
    reason,
    failed,
    passed,
    last_value(os_build IGNORE NULLS) OVER own AS os_build,
    max(looked_at) FILTER (WHERE kind = 'checks') OVER own AS checked_at
FROM health_looks
WINDOW own AS (
    PARTITION BY coalesce(device_id, 'called ' || device_name)
    ORDER BY looked_at, id
    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
)
QUALIFY row_number() OVER (PARTITION BY coalesce(device_id, 'called ' || device_name) ORDER BY looked_at DESC, id DESC) = 1
ORDER BY looked_at DESC;
