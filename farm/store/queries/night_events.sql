-- What a night did and noticed, in its order.
SELECT noted_at, phase, is_done, words, boot, uptime_s FROM night_events WHERE night_id = $night::UUID ORDER BY rowid;
