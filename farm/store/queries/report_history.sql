-- Every run of one job (device, workload, pass) of a branch with the value (p50) of one metric, oldest first; value NULL: it has none.
-- Runs of a gate are of no night. series_key NULL: the run came to nothing before its runtime was known.
WITH chosen AS (
    SELECT runs.id, runs.series_key, runs.started_at, runs.outcome, runs.reason, runs.flavour, runs.threads, runs.artifact_sha256,
        runs.runtime_version, runs.harness_hash, sessions.revision, sessions.os_build, session_nights.day
    FROM runs
    JOIN sessions ON sessions.id = runs.session_id
    JOIN session_nights ON session_nights.session_id = sessions.id
    WHERE sessions.branch = $branch
      AND sessions.started_at <= $as_of::TIMESTAMP
      AND runs.device_id = $device_id
      AND runs.workload_id = $workload
      AND runs.pass = $pass
      AND NOT EXISTS (SELECT 1 FROM placements WHERE placements.run_id = runs.id)
),
numbers AS (
    SELECT run_id, p50
    FROM run_statistics
    WHERE metric = $metric AND isfinite(p50)
)
SELECT
    chosen.id::VARCHAR AS run_id,
    chosen.* EXCLUDE (id),
    numbers.p50 AS value
FROM chosen
LEFT JOIN numbers ON numbers.run_id = chosen.id
ORDER BY chosen.started_at, chosen.id;
