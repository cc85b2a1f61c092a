-- What should have data, by the nights of a branch: for each device, workload and pass the newest night that asked for it and that has
-- been measured to its end, or should have. expected, valid: its runs, and those that were. overdue: the next night of it should have been begun by
-- now, and none was. dropped: later nights of the same suite and pool, on which it would have been due, no longer ask for it.
WITH measured AS (
    SELECT night_id, min(ended_at) AS measured_at
    FROM (
        SELECT night_id, noted_at AS ended_at FROM night_events WHERE phase = 'measure' AND is_done
        UNION ALL SELECT night_id, closed_at FROM night_ends
    )
    GROUP BY night_id
),
counted AS (
    SELECT nights.*, measured.measured_at
    FROM nights
    LEFT JOIN measured ON measured.night_id = nights.id
    WHERE nights.branch = $branch
      AND nights.opened_at BETWEEN $as_of::TIMESTAMP - INTERVAL 60 DAY AND $as_of::TIMESTAMP -- older ones say nothing of today
      AND NOT EXISTS (
          SELECT 1 FROM clock_trusts WHERE nights.opened_at > clock_trusts.said_at AND nights.opened_at <= clock_trusts.stored_at
      )
),
by_night AS (
    SELECT
        counted.id,
        counted.suite,
        counted.pool,
        counted.label,
        counted.opened_at,
        counted.measured_at,
        expected_states.device_name AS device,
        expected_states.workload_id AS workload,
        expected_states.pass,
        any_value(expected_states.metric) AS metric,
        max(expected_states.next_due_by) AS next_due_by,
        count(*) AS expected,
        count(*) FILTER (WHERE expected_states.state = 'done') AS valid,
        arg_min(expected_states.reason, expected_states.number) FILTER (WHERE expected_states.reason IS NOT NULL) AS reason
    FROM counted
    JOIN expected_states ON expected_states.night_id = counted.id
    WHERE counted.measured_at <= $as_of::TIMESTAMP OR counted.due_by < $as_of::TIMESTAMP
    GROUP BY ALL
),
jobs AS (
    SELECT * FROM by_night
    QUALIFY row_number() OVER (PARTITION BY device, workload, pass ORDER BY label DESC, opened_at DESC) = 1
)
SELECT
    jobs.device,
    night_identities.device_id,
    jobs.workload,
    jobs.pass,
    jobs.metric,
    strftime(jobs.label, '%Y-%m-%d') AS night,
    jobs.opened_at,
    jobs.measured_at IS NOT NULL AS is_closed,
    jobs.expected,
    jobs.valid,
    jobs.reason,
    coalesce(jobs.next_due_by < $as_of::TIMESTAMP, FALSE) AND NOT EXISTS (
        SELECT 1 FROM counted WHERE counted.suite = jobs.suite AND counted.pool = jobs.pool AND counted.label > jobs.label
    ) AS is_overdue,
    EXISTS (
        SELECT 1
        FROM counted
        WHERE counted.suite = jobs.suite
          AND counted.pool = jobs.pool
          AND counted.label > jobs.label
          AND counted.due_by >= jobs.next_due_by
          AND NOT EXISTS (
              SELECT 1
              FROM expected_jobs
              WHERE expected_jobs.night_id = counted.id
                AND expected_jobs.device_name = jobs.device
                AND expected_jobs.workload_id = jobs.workload
                AND expected_jobs.pass = jobs.pass
          )
    ) AS is_dropped
FROM jobs
LEFT JOIN night_identities ON night_identities.night_id = jobs.id AND night_identities.device_name = jobs.device
ORDER BY jobs.device, jobs.workload, jobs.pass;
