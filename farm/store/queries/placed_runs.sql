-- Every run that was measured for a gate and that the database holds: for the runs of one gate in memory.
SELECT
    runs.id::VARCHAR AS run,
    sessions.device_name AS device,
    runs.session_id::VARCHAR AS session,
    runs.runtime || ' ' || runs.flavour AS flavour,
    runs.workload_id AS workload,
    runs.pass,
    placements.side,
    placements.block,
    placements.position,
    runs.outcome,
    runs.reason
FROM placements
JOIN runs ON runs.id = placements.run_id
JOIN sessions ON sessions.id = runs.session_id
ORDER BY runs.started_at;
