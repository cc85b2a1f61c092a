-- What each artifact costs and gives on each device: medians over the valid runs of the newest night that has the metric, of the $nights
-- days up to the branch's newest session, one row for each device, workload and metric, with the artifact's size and recipe. Runs of a gate are of no night.
WITH valid AS (
    SELECT
        runs.id,
        runs.device_id,
        sessions.device_name,
        runs.workload_id,
        runs.artifact_sha256,
        runs.pass,
        session_nights.day,
        sessions.started_at
    FROM runs
    JOIN sessions ON sessions.id = runs.session_id
    JOIN session_nights ON session_nights.session_id = sessions.id
    WHERE sessions.branch = $branch
      AND sessions.started_at <= $as_of::TIMESTAMP
      AND sessions.started_at > (
          SELECT max(started_at) FROM sessions WHERE branch = $branch AND started_at <= $as_of::TIMESTAMP
      ) - to_days(CAST($nights AS INTEGER))
      AND runs.outcome = 'ok'
      AND ($device IS NULL OR sessions.device_name = $device OR runs.device_id = $device)
      AND NOT EXISTS (SELECT 1 FROM placements WHERE placements.run_id = runs.id)
),
numbers AS (
    SELECT valid.*, run_statistics.metric, run_statistics.p50
    FROM valid
    JOIN run_statistics ON run_statistics.run_id = valid.id
    WHERE list_contains($metrics::VARCHAR[], valid.pass || ' ' || run_statistics.metric) AND isfinite(run_statistics.p50)
),
newest AS (
    SELECT *
    FROM numbers
    QUALIFY dense_rank() OVER (PARTITION BY device_id, workload_id, metric ORDER BY day DESC, artifact_sha256) = 1
)
SELECT
    newest.device_id,
    arg_max(newest.device_name, newest.started_at) AS device,
    newest.workload_id AS workload,
    newest.metric,
    median(newest.p50) AS value,
    min(newest.p50) AS low,
    max(newest.p50) AS high,
    count(*) AS runs,
    max(newest.day) AS day,
    any_value(newest.artifact_sha256) AS artifact_sha256,
    any_value(artifacts.name) AS artifact,
    any_value(artifacts.size_bytes) AS size_bytes,
    any_value(json_extract_string(artifacts.recipe, '$.scheme')) AS scheme,
    any_value(json_extract_string(artifacts.recipe, '$.model')) AS model
FROM newest
JOIN artifacts ON artifacts.sha256 = newest.artifact_sha256
GROUP BY newest.device_id, newest.workload_id, newest.metric
ORDER BY device, workload, newest.metric;
