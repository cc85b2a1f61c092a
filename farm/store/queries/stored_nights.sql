-- The nights of a suite (its name, or its file) on a pool ($pool NULL: on all), newest first, each with what it came to; those of a wrong clock are left out.
SELECT
    nights.* EXCLUDE (id, label),
    nights.id::VARCHAR AS id,
    strftime(nights.label, '%Y-%m-%d') AS label,
    night_ends.exit_code,
    night_ends.verdict,
    night_ends.closed_at
FROM nights
LEFT JOIN night_ends ON night_ends.night_id = nights.id
WHERE coalesce(nights.pool = $pool, true)
  AND (nights.suite = $suite OR nights.suite_file = $suite_file)
  AND NOT EXISTS (
      SELECT 1 FROM clock_trusts WHERE nights.opened_at > clock_trusts.said_at AND nights.opened_at <= clock_trusts.stored_at
  )
ORDER BY nights.label DESC, nights.opened_at DESC;
