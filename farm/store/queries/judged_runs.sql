-- The runs that one gate judged, as it took them; without a gate those that any was measured for: the runs of one gate in memory.
SELECT
    runs.id::VARCHAR AS run,
    sessions.device_name AS device,
    runs.session_id::VARCHAR AS session,
    runs.runtime || ' ' || runs.flavour AS flavour,
    runs.workload_id AS workload,
    runs.pass,
    judged.side,
    judged.block,
    judged.position,
    runs.outcome,
    runs.reason
FROM (
    SELECT run_id, side, block, position FROM judged_runs WHERE gate_id = $gate::UUID
    UNION ALL
    SELECT run_id, side, block, position FROM placements WHERE $gate IS NULL
) AS judged
JOIN runs ON runs.id = judged.run_id
JOIN sessions ON sessions.id = runs.session_id
ORDER BY runs.started_at, runs.id;
