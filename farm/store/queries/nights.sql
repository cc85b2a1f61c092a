-- What a branch's runs measured, night by night: the value (p50) of each valid run of each metric, oldest first.
-- A row never mixes what may be the cause of a change: revision,
-- artifact, runtime, harness, OS build and farm's version; the battery's health is the night's last word.
-- Runs of a gate are of no night: a candidate is not yet of the branch.
-- as_of: the time that it is; metrics: "pass metric" of what each pass measures with nothing beside it; device and workload: NULL for all.
WITH health AS (
    SELECT run_id, any_value(text) AS word
    FROM device_state
    WHERE name = 'battery_health' AND phase = 'before' AND text IS NOT NULL
    GROUP BY run_id
)
SELECT
    runs.series_key,
    run_statistics.metric,
    session_nights.day,
    min(sessions.started_at) AS began_at,
    sessions.revision,
    runs.artifact_sha256 AS artifact,
    runs.runtime_version,
    runs.harness_hash AS harness,
    sessions.os_build,
    sessions.farm_version,
    arg_max(health.word, runs.started_at) AS battery_health,
    list(run_statistics.p50 ORDER BY runs.started_at, runs.id) AS values
FROM run_statistics
JOIN runs ON runs.id = run_statistics.run_id
JOIN sessions ON sessions.id = runs.session_id
JOIN session_nights ON session_nights.session_id = sessions.id
LEFT JOIN health ON health.run_id = runs.id
WHERE sessions.branch = $branch
  AND sessions.started_at <= $as_of::TIMESTAMP
  AND runs.outcome = 'ok'
  AND runs.series_key IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM placements WHERE placements.run_id = runs.id)
  AND isfinite(run_statistics.p50)
  AND list_contains($metrics, runs.pass || ' ' || run_statistics.metric)
  AND ($device IS NULL OR sessions.device_name = $device OR runs.device_id = $device)
  AND ($workload IS NULL OR runs.workload_id = $workload)
GROUP BY
    runs.series_key,
    run_statistics.metric,
    session_nights.day,
    sessions.revision,
    artifact,
    runs.runtime_version,
    harness,
    sessions.os_build,
    sessions.farm_version
ORDER BY runs.series_key, run_statistics.metric, began_at, sessions.revision;
