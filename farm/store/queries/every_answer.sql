-- As chosen_answers, of every quality run: for a few runs in memory.
SELECT
    item_answers.run_id::VARCHAR AS run_id,
    runs.started_at,
    runs.outcome,
    runs.device_id,
    sessions.device_name AS device,
    runs.workload_id AS workload,
    runs.artifact_sha256,
    runs.flavour,
    item_answers.items_sha256,
    item_answers.metric,
    item_answers.item,
    item_answers.value,
    item_answers.tokens,
    item_answers.predicted
FROM item_answers
JOIN runs ON runs.id = item_answers.run_id
JOIN sessions ON sessions.id = runs.session_id
ORDER BY runs.started_at, item_answers.run_id, item_answers.item;
