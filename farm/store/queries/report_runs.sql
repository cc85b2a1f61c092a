-- Runs of a branch at chosen places ("device_id workload_id pass night", on one of the nights in days), or (branch NULL) those chosen by
-- run_ids; oldest first.
SELECT
    runs.id::VARCHAR AS run_id,
    runs.series_key,
    sessions.device_name AS device,
    runs.device_id,
    runs.workload_id AS workload,
    runs.pass,
    runs.repeat,
    runs.attempt,
    runs.started_at,
    session_nights.day,
    runs.outcome,
    runs.reason,
    runs.hint,
    runs.output_check,
    runs.runtime,
    runs.runtime_version,
    runs.flavour,
    runs.threads,
    runs.harness_hash AS harness,
    artifacts.name AS artifact,
    runs.artifact_sha256,
    sessions.revision,
    sessions.os_build,
    sessions.command
FROM runs
JOIN sessions ON sessions.id = runs.session_id
JOIN session_nights ON session_nights.session_id = sessions.id
JOIN artifacts ON artifacts.sha256 = runs.artifact_sha256
WHERE CASE
        WHEN $branch IS NULL THEN list_contains($run_ids::UUID[], runs.id)
        ELSE sessions.branch = $branch
            AND list_contains($days::DATE[], session_nights.day)
            AND list_contains(
                $places::VARCHAR[],
                runs.device_id || ' ' || runs.workload_id || ' ' || runs.pass || ' ' || session_nights.day
            )
            AND NOT EXISTS (SELECT 1 FROM placements WHERE placements.run_id = runs.id)
    END
ORDER BY runs.started_at, runs.id;
