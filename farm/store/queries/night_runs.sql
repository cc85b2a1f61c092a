-- The runs of a branch's night as the candidate, and as the baseline, for each job on each device, those of the last night before that gave
-- a valid run of it: the same settings and inputs, under the same runtime. named: revisions or beginnings of SHA-256 that the baseline is
-- of; empty: anything. Runs of a gate are of no night.
WITH own AS (
    SELECT
        runs.id::VARCHAR AS run,
        sessions.device_name AS device,
        runs.session_id::VARCHAR AS session,
        runs.runtime || ' ' || runs.flavour AS flavour,
        runs.workload_id AS workload,
        runs.workload_key,
        runs.pass,
        runs.artifact_sha256,
        sessions.revision,
        runs.outcome,
        runs.reason,
        runs.started_at,
        session_nights.day,
        session_nights.day = $night::DATE AS is_candidate,
        len($named::VARCHAR[]) = 0
        OR list_contains($named::VARCHAR[], sessions.revision)
        OR len(list_filter($named::VARCHAR[], lambda text: starts_with(runs.artifact_sha256, text))) > 0 AS is_named
    FROM runs
    JOIN sessions ON sessions.id = runs.session_id
    JOIN session_nights ON session_nights.session_id = sessions.id
    WHERE sessions.branch = $branch
      AND sessions.started_at <= $as_of::TIMESTAMP
      AND session_nights.day <= $night::DATE
      AND list_contains($workloads::VARCHAR[], runs.workload_id)
      AND NOT EXISTS (SELECT 1 FROM placements WHERE placements.run_id = runs.id)
),

placed AS (
    SELECT
        *,
        max(day) FILTER (WHERE NOT is_candidate AND is_named AND outcome = 'ok') OVER job AS before,
        arg_max(workload_key, started_at) FILTER (WHERE is_candidate) OVER (PARTITION BY device, workload, pass) AS newest_key
    FROM own
    WINDOW job AS (PARTITION BY device, workload_key, pass, flavour)
)

SELECT
    run,
    device,
    session,
    flavour,
    workload,
    pass,
    artifact_sha256,
    revision,
    outcome,
    reason,
    day,
    CASE WHEN is_candidate THEN 'candidate' ELSE 'baseline' END AS side,
    0::BIGINT AS block,
    row_number() OVER (PARTITION BY device, session ORDER BY started_at, run) AS position
FROM placed
WHERE workload_key = newest_key AND (is_candidate OR (day = before AND is_named))
ORDER BY started_at, run;
