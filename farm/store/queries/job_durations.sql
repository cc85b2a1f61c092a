-- How long jobs took, by device, workload and pass: the median over the newest 5 sessions that had such a job, of the median of each. A
-- job's time is that from the begin of its first attempt to the begin of the next job of its session, or to its own end where none follows.
WITH jobs AS (
    SELECT
        runs.session_id,
        sessions.device_name,
        runs.workload_key,
        runs.pass,
        runs.repeat,
        sessions.started_at AS session_at,
        min(runs.started_at) AS began_at,
        max(runs.ended_at) AS ended_at
    FROM runs
    JOIN sessions ON sessions.id = runs.session_id
    WHERE runs.session_id IN (SELECT session_id FROM runs WHERE list_contains($workload_keys, workload_key))
      AND runs.outcome IN ('ok', 'invalid', 'failed', 'timed_out')
    GROUP BY runs.session_id, sessions.device_name, runs.workload_key, runs.pass, runs.repeat, sessions.started_at
),
followed AS (
    SELECT *, lead(began_at) OVER (PARTITION BY session_id ORDER BY began_at) AS next_at FROM jobs
),
by_session AS (
    SELECT
        device_name,
        workload_key,
        pass,
        session_at,
        median(epoch(coalesce(next_at, ended_at) - began_at)) AS seconds
    FROM followed
    WHERE list_contains($workload_keys, workload_key)
    GROUP BY device_name, workload_key, pass, session_id, session_at
    QUALIFY row_number() OVER (PARTITION BY device_name, workload_key, pass ORDER BY session_at DESC, session_id) <= 5
)
SELECT device_name AS device, workload_key, pass, median(seconds) AS seconds, count(*) AS nights
FROM by_session
GROUP BY device, workload_key, pass
ORDER BY device, workload_key, pass;
