-- Requests that wait or are served, by device, standing and priority, and since when the oldest of each.
SELECT queue_requests.device_name AS device, newest.standing, queue_requests.priority, count(*) AS requests, epoch(min(queue_requests.asked_at)) AS oldest_at_s
FROM queue_requests
JOIN (
    SELECT request_id, standing FROM queue_standings QUALIFY row_number() OVER (PARTITION BY request_id ORDER BY number DESC) = 1
) AS newest ON newest.request_id = queue_requests.id
WHERE newest.standing IN ('waiting', 'measuring')
GROUP BY ALL
ORDER BY ALL;
