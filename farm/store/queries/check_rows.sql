-- Rows that do not fit each other: which kind of misfit, how many, and one of them. A kind that does not occur has no row.
WITH found AS (
    SELECT 'sessions without runs' AS kind, id::VARCHAR AS example
    FROM sessions WHERE id NOT IN (SELECT session_id FROM runs)
    UNION ALL
    SELECT 'runs without their session', id::VARCHAR
    FROM runs WHERE session_id NOT IN (SELECT id FROM sessions)
    UNION ALL
    SELECT 'runs without their artifact, workload or device', id::VARCHAR
    FROM runs
    WHERE artifact_sha256 NOT IN (SELECT sha256 FROM artifacts)
       OR workload_key NOT IN (SELECT key FROM workloads)
       OR device_id NOT IN (SELECT id FROM devices)
    UNION ALL
    SELECT DISTINCT 'readings without their run', run_id::VARCHAR
    FROM (
        SELECT run_id FROM samples
        UNION ALL SELECT run_id FROM pruned_samples
        UNION ALL SELECT run_id FROM absences
        UNION ALL SELECT run_id FROM device_state
        UNION ALL SELECT run_id FROM answers
        UNION ALL SELECT run_id FROM operators
        UNION ALL SELECT run_id FROM pruned_operators
    )
    WHERE run_id NOT IN (SELECT id FROM runs)
    UNION ALL
    SELECT 'valid runs without a reading', id::VARCHAR
    FROM runs
    WHERE outcome = 'ok'
      AND id NOT IN (SELECT run_id FROM samples UNION ALL SELECT run_id FROM pruned_samples UNION ALL SELECT run_id FROM answers)
    UNION ALL
    SELECT DISTINCT 'runs with readings twice', run_id::VARCHAR
    FROM (SELECT run_id FROM samples GROUP BY run_id, metric, source HAVING count(*) > 1)
    UNION ALL
    SELECT DISTINCT 'runs with readings and their summary', run_id::VARCHAR
    FROM samples JOIN pruned_samples USING (run_id, metric, source)
    UNION ALL
    SELECT DISTINCT 'runs with two summaries', run_id::VARCHAR
    FROM (SELECT run_id FROM pruned_samples GROUP BY run_id, metric, source HAVING count(*) > 1)
    UNION ALL
    SELECT DISTINCT 'summaries that no readings can have', run_id::VARCHAR
    FROM pruned_samples
    WHERE readings < 1 OR NOT (least <= p50 AND p50 <= p90 AND p90 <= p99 AND p99 <= most AND first BETWEEN least AND most)
    UNION ALL
    SELECT 'valid profile runs without an operator', id::VARCHAR
    FROM runs WHERE outcome = 'ok' AND pass = 'profile' AND id NOT IN (SELECT run_id FROM operators)
    UNION ALL
    SELECT DISTINCT 'runs with operators twice', run_id::VARCHAR
    FROM (SELECT run_id FROM operators GROUP BY run_id, place HAVING count(*) > 1)
    UNION ALL
    SELECT DISTINCT 'operators in a part that is not there', run_id::VARCHAR
    FROM operators WHERE parent IS NOT NULL AND (run_id, parent) NOT IN (SELECT (run_id, place) FROM operators)
    UNION ALL
    SELECT DISTINCT 'operators with neither times nor a summary, or with both', operators.run_id::VARCHAR
    FROM operators LEFT JOIN pruned_operators ON pruned_operators.run_id = operators.run_id AND pruned_operators.place = operators.place
    WHERE (operators.times_ns IS NULL) = (pruned_operators.place IS NULL)
    UNION ALL
    SELECT 'runs stored twice', min(id)::VARCHAR
    FROM runs
    GROUP BY session_id, device_id, workload_key, artifact_sha256, pass, repeat, attempt, nonce
    HAVING count(*) > 1
    UNION ALL
    SELECT DISTINCT 'gates whose judged runs are not there', gate_id::VARCHAR
    FROM judged_runs WHERE run_id NOT IN (SELECT id FROM runs)
    UNION ALL
    SELECT DISTINCT 'verdicts without their gate', gate_id::VARCHAR
    FROM verdicts WHERE gate_id NOT IN (SELECT id FROM gates)
    UNION ALL
    SELECT DISTINCT 'places of runs that are not there', run_id::VARCHAR
    FROM placements WHERE run_id NOT IN (SELECT id FROM runs)
    UNION ALL
    SELECT DISTINCT 'words on findings that are not there', finding_id
    FROM (SELECT finding_id FROM finding_states UNION ALL SELECT finding_id FROM acknowledgements)
    WHERE finding_id NOT IN (SELECT id FROM findings)
)
SELECT kind, count(*) AS rows, min(example) AS example FROM found GROUP BY kind ORDER BY kind;
