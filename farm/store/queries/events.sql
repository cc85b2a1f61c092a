-- What happened on the device of a name, or to a run of it, newest first: sessions, runs, states, requests, holds and health.
WITH named AS (
    SELECT id, started_at, command, os_build FROM sessions WHERE device_name = $device
),
asked AS (
    SELECT * FROM queue_requests WHERE device_name = $device
),
every AS (
    SELECT started_at AS happened_at, 1 AS rank, 'session' AS kind, 'begins on ' || os_build || ': ' || command AS text, NULL AS run_id
    FROM named
    UNION ALL
    SELECT
        runs.ended_at,
        2,
        'run',
        runs.workload_id || ' ' || runs.pass || ' #' || (runs.repeat + 1) || CASE WHEN runs.attempt > 1 THEN ', attempt ' || runs.attempt ELSE '' END
            || ': ' || replace(runs.outcome, '_', ' ')
            || coalesce(': ' || runs.reason, '') || coalesce(' (' || runs.hint || ')', ''),
        runs.id::VARCHAR
    FROM runs JOIN named ON named.id = runs.session_id
    UNION ALL
    SELECT since_at, 3, 'state', state || coalesce(': ' || reason, ''), NULL
    FROM rack_states WHERE device_name = $device
    UNION ALL
    SELECT
        standing_at,
        0,
        'queue',
        CASE WHEN standing = 'waiting' AND queue_standings.displaced > 0 THEN 'waiting again' ELSE standing END
            || ', process ' || asked.pid || ' of ' || asked.user_name || ' on ' || asked.host || ': ' || asked.purpose
            || coalesce(': ' || queue_standings.reason, ''),
        NULL
    FROM queue_standings JOIN asked ON asked.id = queue_standings.request_id
    UNION ALL
    SELECT cancelled_at, 0, 'queue', 'cancelled by ' || cancelled_by || ': ' || asked.purpose, NULL
    FROM queue_cancellations JOIN asked ON asked.id = queue_cancellations.request_id
    UNION ALL
    SELECT said_at, 0, 'hold', CASE WHEN is_held THEN 'held back by ' ELSE 'let go by ' END || said_by || coalesce(': ' || reason, ''), NULL
    FROM device_holds WHERE device_name = $device
    UNION ALL
    SELECT changed_at, 4, 'health', 'from ' || health_before || ' to ' || health || coalesce(': ' || reason, ''), NULL
    FROM health_changes WHERE device_name = $device
)
SELECT happened_at, kind, text, run_id
FROM every
WHERE ($from_at IS NULL OR happened_at >= $from_at::TIMESTAMP) AND ($until_at IS NULL OR happened_at <= $until_at::TIMESTAMP)
ORDER BY happened_at DESC, rank DESC
LIMIT $most;
