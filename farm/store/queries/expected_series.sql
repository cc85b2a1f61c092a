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
asked AS (
    SELECT
        expected_jobs.night_id,
        expected_jobs.device_name,
        expected_jobs.workload_id,
        expected_jobs.pass,
        any_value(counted.label) AS label,
        any_value(counted.opened_at) AS opened_at,
        bool_or(coalesce(counted.measured_at <= $as_of::TIMESTAMP, FALSE) OR counted.due_by < $as_of::TIMESTAMP) AS is_over
    FROM expected_jobs
    JOIN counted ON counted.id = expected_jobs.night_id
    GROUP BY expected_jobs.night_id, expected_jobs.device_name, expected_jobs.workload_id, expected_jobs.pass
),
newest AS (
    SELECT *
    FROM (SELECT *, max(label) OVER (PARTITION BY device_name, workload_id, pass) AS last_asked FROM asked)
    WHERE is_over
    QUALIFY row_number() OVER (PARTITION BY device_name, workload_id, pass ORDER BY label DESC, opened_at DESC) = 1
),
jobs AS (
    SELECT
        newest.night_id AS id,
        newest.device_name AS device,
        newest.workload_id AS workload,
        newest.pass,
        newest.label,
        newest.last_asked,
        any_value(expected_jobs.metric) AS metric,
        max(expected_jobs.next_due_by) AS next_due_by,
        count(*) AS expected,
        count(*) FILTER (WHERE expected_answers.is_valid) AS valid,
        arg_min(expected_answers.reason, expected_jobs.number) FILTER (WHERE expected_answers.reason IS NOT NULL) AS reason
    FROM newest
    JOIN expected_jobs
      ON expected_jobs.night_id = newest.night_id
      AND expected_jobs.device_name = newest.device_name
      AND expected_jobs.workload_id = newest.workload_id
      AND expected_jobs.pass = newest.pass
    LEFT JOIN expected_answers ON expected_answers.night_id = expected_jobs.night_id AND expected_answers.number = expected_jobs.number
    GROUP BY newest.night_id, newest.device_name, newest.workload_id, newest.pass, newest.label, newest.last_asked
)
SELECT
    jobs.device,
    night_identities.device_id,
    jobs.workload,
    jobs.pass,
    jobs.metric,
    jobs.label AS night,
    own.measured_at IS NOT NULL AS is_closed,
    jobs.expected,
    jobs.valid,
    jobs.reason,
    coalesce(jobs.next_due_by < $as_of::TIMESTAMP, FALSE) AND latest.label = jobs.label AS is_overdue,
    coalesce(latest.due_by >= jobs.next_due_by, FALSE) AND latest.label > jobs.last_asked AS is_dropped
FROM jobs
JOIN counted AS own ON own.id = jobs.id
JOIN (
    SELECT suite, pool, max(label) AS label, max(due_by) AS due_by FROM counted GROUP BY suite, pool
) AS latest ON latest.suite = own.suite AND latest.pool = own.pool
LEFT JOIN night_identities ON night_identities.night_id = jobs.id AND night_identities.device_name = jobs.device
ORDER BY jobs.device, jobs.workload, jobs.pass;
