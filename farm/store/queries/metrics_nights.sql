-- The newest night of each suite on each pool: when it was opened and closed, what it ended with, and what came of its jobs.
WITH newest AS (
    SELECT * FROM nights QUALIFY row_number() OVER (PARTITION BY suite, pool ORDER BY begins_at DESC, opened_at DESC) = 1
)
SELECT
    newest.suite,
    newest.pool,
    epoch(newest.opened_at) AS opened_at_s,
    epoch(newest.due_by) AS due_by_s,
    epoch(any_value(night_ends.closed_at)) AS closed_at_s,
    any_value(night_ends.exit_code) AS exit_code,
    count(*) FILTER (expected_states.state = 'done') AS jobs_done,
    count(*) FILTER (expected_states.state = 'accounted for') AS jobs_accounted_for,
    count(*) FILTER (expected_states.state = 'to come') AS jobs_to_come
FROM newest
LEFT JOIN night_ends ON night_ends.night_id = newest.id
LEFT JOIN expected_states ON expected_states.night_id = newest.id
GROUP BY newest.id, newest.suite, newest.pool, newest.opened_at, newest.due_by
ORDER BY newest.suite, newest.pool;
