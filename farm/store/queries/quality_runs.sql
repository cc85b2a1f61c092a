-- The valid quality runs of an artifact, the newest of each device, workload, item file and flavour.
SELECT
    arg_max(runs.id, runs.started_at)::VARCHAR AS run_id,
    max(runs.started_at) AS started_at,
    runs.device_id,
    runs.workload_id AS workload,
    runs.flavour,
    answers.items_sha256,
    arg_max(answers.output_sha256, runs.started_at) AS output_sha256
FROM answers
JOIN runs ON runs.id = answers.run_id
WHERE runs.artifact_sha256 = $artifact_sha256 AND runs.outcome = 'ok'
GROUP BY runs.device_id, runs.workload_id, runs.flavour, answers.items_sha256
ORDER BY started_at;
