-- The value (p50) of every valid run of two sides: revisions (or the beginnings of their names), or devices (ids or names) on a branch.
-- kind: revision, device. Runs of a gate count: there both sides stand in one session.
WITH sided AS (
    SELECT
        runs.id,
        runs.session_id,
        runs.device_id,
        sessions.device_name AS device,
        runs.workload_id AS workload,
        runs.pass,
        runs.flavour,
        runs.threads,
        runs.started_at,
        sessions.revision,
        CASE
            WHEN $kind = 'revision' AND starts_with(sessions.revision, $one) THEN 'A'
            WHEN $kind = 'revision' AND starts_with(sessions.revision, $other) THEN 'B'
            WHEN $kind = 'device' AND $one IN (sessions.device_name, runs.device_id) THEN 'A'
            WHEN $kind = 'device' AND $other IN (sessions.device_name, runs.device_id) THEN 'B'
        END AS side
    FROM runs
    JOIN sessions ON sessions.id = runs.session_id
    WHERE runs.outcome = 'ok'
      AND runs.series_key IS NOT NULL
      AND sessions.started_at <= $as_of::TIMESTAMP
      AND ($kind = 'revision' OR (sessions.branch = $branch AND sessions.started_at > $as_of::TIMESTAMP - to_days(CAST($nights AS INTEGER))))
)
SELECT
    sided.id::VARCHAR AS run,
    sided.session_id::VARCHAR AS session,
    sided.* EXCLUDE (id, session_id),
    run_statistics.metric,
    run_statistics.p50 AS value
FROM sided
JOIN run_statistics ON run_statistics.run_id = sided.id
WHERE sided.side IS NOT NULL
  AND list_contains($metrics::VARCHAR[], sided.pass || ' ' || run_statistics.metric)
  AND isfinite(run_statistics.p50)
ORDER BY sided.started_at, run, run_statistics.metric;
