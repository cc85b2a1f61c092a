-- The last thing that any night noted, with what both clocks said then, unless somebody said since that the clock is right.
SELECT noted_at, boot, uptime_s
FROM night_events
WHERE NOT EXISTS (SELECT 1 FROM clock_trusts WHERE night_events.noted_at > clock_trusts.said_at AND night_events.noted_at <= clock_trusts.stored_at)
ORDER BY rowid DESC
LIMIT 1;
