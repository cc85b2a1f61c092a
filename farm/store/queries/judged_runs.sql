-- The runs that one gate judged, as it took them.
SELECT
    runs.id::VARCHAR AS run,
    sessions.device_name AS device,
    runs.session_id::VARCHAR AS session,
    runs.runtime || ' ' || runs.flavour AS flavour,
    runs.workload_id AS workload,
    runs.pass,
    judged_runs.side,
    judged_runs.block,
    judged_runs.position,
    runs.outcome,
    runs.reason
FROM judged_runs
JOIN runs ON runs.id = judged_runs.run_id
JOIN sessions ON sessions.id = runs.session_id
WHERE judged_runs.gate_id = $gate::UUID
ORDER BY runs.started_at, runs.id;
