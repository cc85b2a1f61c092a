-- Requests that have not ended, as far as their processes have said; oldest first.
WITH newest AS (
    SELECT *
    FROM queue_standings
    QUALIFY row_number() OVER (PARTITION BY request_id ORDER BY number DESC) = 1
)
SELECT
    queue_requests.id::VARCHAR AS id,
    place,
    device_name AS device,
    device_id,
    priority,
    asked_at,
    number,
    standing,
    standing_at,
    waited_s,
    displaced,
    process,
    pid,
    user_name AS user,
    host,
    command,
    purpose,
    (SELECT min(cancelled_by) FROM queue_cancellations WHERE request_id = queue_requests.id) AS cancelled_by
FROM queue_requests
JOIN newest ON newest.request_id = queue_requests.id
WHERE standing IN ('waiting', 'measuring')
ORDER BY asked_at, queue_requests.id;
