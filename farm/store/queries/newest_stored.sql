-- The newest time that is stored with a run or a night, less what is known to be of a wrong clock.
WITH times AS (
    SELECT started_at AS stored_at FROM sessions
    UNION ALL SELECT ended_at FROM runs
    UNION ALL SELECT noted_at FROM night_events
)
SELECT max(times.stored_at) AS stored_at
FROM times
WHERE NOT EXISTS (SELECT 1 FROM clock_trusts WHERE times.stored_at > clock_trusts.said_at AND times.stored_at <= clock_trusts.stored_at);
