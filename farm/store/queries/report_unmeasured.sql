-- The jobs of a branch's newest day of nights that have no valid run, by device, workload and reason, and the night on which each was
-- measured last: NULL, it never was.
WITH known AS (
    SELECT nights.id, nights.label, nights.suite, nights.pool
    FROM nights
    WHERE nights.branch = $branch
      AND nights.opened_at <= $as_of::TIMESTAMP
      AND NOT EXISTS (
          SELECT 1 FROM clock_trusts WHERE nights.opened_at > clock_trusts.said_at AND nights.opened_at <= clock_trusts.stored_at
      )
),
measured AS (
    SELECT device_name, workload_id, pass, max(known.label) AS label
    FROM expected_states JOIN known ON known.id = expected_states.night_id
    WHERE state = 'done'
    GROUP BY ALL
)
SELECT
    jobs.device_name AS device,
    jobs.workload_id AS workload,
    coalesce(jobs.reason, 'it is still to be measured') AS reason,
    count(*) AS jobs,
    strftime(min(measured.label), '%Y-%m-%d') AS measured_last
FROM expected_states AS jobs
JOIN known ON known.id = jobs.night_id
LEFT JOIN measured
    ON measured.device_name = jobs.device_name AND measured.workload_id = jobs.workload_id AND measured.pass = jobs.pass
WHERE jobs.state <> 'done' AND known.label = (SELECT max(label) FROM known)
GROUP BY ALL
ORDER BY jobs DESC, device, workload, reason;
