-- The parts of chosen profile runs (run_ids NULL: of all valid ones), run by run in their order; after them what is outside of operators,
-- whose place is NULL. whole_ns: the median of all that was traced.
SELECT
    runs.id::VARCHAR AS run_id,
    runs.workload_id AS workload,
    runs.artifact_sha256,
    artifacts.name AS artifact,
    runs.flavour,
    runs.threads,
    operator_statistics.place,
    operators.parent,
    operators.name,
    operators.delegate,
    operators.instruction,
    operators.debug_id,
    operators.calls,
    operator_statistics.iterations,
    operator_statistics.p50_ns,
    operator_statistics.p90_ns,
    operator_statistics.own_p50_ns,
    operator_statistics.usual_sum_ns,
    operator_statistics.usual_own_sum_ns,
    operator_statistics.is_whole_us,
    run_statistics.metric,
    run_statistics.p50 AS whole_ns
FROM runs
JOIN artifacts ON artifacts.sha256 = runs.artifact_sha256
JOIN operator_statistics ON operator_statistics.run_id = runs.id
JOIN run_statistics ON run_statistics.run_id = runs.id AND run_statistics.metric IN ('traced_latency_ns', 'traced_token_ns')
LEFT JOIN operators ON operators.run_id = runs.id AND operators.place = operator_statistics.place
WHERE runs.pass = 'profile'
  AND CASE WHEN $run_ids IS NULL THEN runs.outcome = 'ok' ELSE list_contains($run_ids::UUID[], runs.id) END
ORDER BY runs.workload_id, runs.artifact_sha256, runs.started_at, runs.id, operator_statistics.place NULLS LAST;
