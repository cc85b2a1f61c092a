-- How many runs there are by device, pass, outcome and class of error, how long they took, and when the newest ended.
SELECT
    sessions.device_name AS device,
    runs.pass,
    runs.outcome,
    coalesce(runs.error_class, '') AS error_class,
    count(*) AS runs,
    sum(epoch(runs.ended_at) - epoch(runs.started_at)) AS seconds,
    epoch(max(runs.ended_at)) AS newest_at_s
FROM runs
JOIN sessions ON sessions.id = runs.session_id
GROUP BY ALL
ORDER BY ALL;
