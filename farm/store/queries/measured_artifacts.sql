-- What valid runs of a revision (or the beginning of its hash), or of an artifact (likewise), were measured with.
SELECT DISTINCT
    runs.workload_id AS workload,
    runs.artifact_sha256 AS sha256,
    artifacts.name,
    artifacts.size_bytes,
    sessions.revision,
    runs.harness_hash AS harness
FROM runs
JOIN sessions ON sessions.id = runs.session_id
JOIN artifacts ON artifacts.sha256 = runs.artifact_sha256
WHERE runs.outcome = 'ok'
  AND ($revision IS NULL OR starts_with(sessions.revision, $revision))
  AND ($artifact IS NULL OR starts_with(runs.artifact_sha256, $artifact))
ORDER BY workload, sha256, harness;
