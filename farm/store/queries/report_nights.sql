-- The nights of a branch's newest day, each suite on its pool, with what came of their jobs; those of a wrong clock are left out.
SELECT
    nights.suite,
    nights.pool,
    strftime(nights.label, '%Y-%m-%d') AS label,
    nights.opened_at,
    night_ends.exit_code,
    (SELECT count(*) FROM expected_jobs WHERE expected_jobs.night_id = nights.id) AS jobs,
    (SELECT count(*) FROM expected_answers WHERE expected_answers.night_id = nights.id AND is_valid) AS valid,
    (SELECT count(*) FROM expected_answers WHERE expected_answers.night_id = nights.id AND NOT is_valid) AS accounted
FROM nights
LEFT JOIN night_ends ON night_ends.night_id = nights.id
WHERE nights.branch = $branch
  AND nights.opened_at <= $as_of::TIMESTAMP
  AND NOT EXISTS (
      SELECT 1 FROM clock_trusts WHERE nights.opened_at > clock_trusts.said_at AND nights.opened_at <= clock_trusts.stored_at
  )
QUALIFY nights.label = max(nights.label) OVER ()
ORDER BY nights.suite, nights.pool;
