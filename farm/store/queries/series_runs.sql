-- The runs of one series, oldest first.
SELECT id::VARCHAR AS run_id, started_at, outcome, artifact_sha256, harness_hash
FROM runs
WHERE series_key = $series_key
ORDER BY started_at, id;
