-- Version 13. The night that a session is of: that of the nightly whose jobs its runs answer, else the one that its device had at that
-- time. Where none was opened, days are told apart at the hour at which the device's last night before began, or its first one after; of
-- a device that never had one, at noon UTC. A night is named after the day that it begins on, in its own time zone.

CREATE VIEW session_nights AS
WITH answered AS (
    SELECT runs.session_id, max(nights.label) AS label
    FROM expected_answers
    JOIN nights ON nights.id = expected_answers.night_id
    JOIN runs ON runs.id = expected_answers.run_id
    GROUP BY runs.session_id
),
slots AS (
    SELECT DISTINCT night_identities.device_id, nights.begins_at, nights.ends_at, nights.label
    FROM night_identities
    JOIN nights ON nights.id = night_identities.night_id
),
first AS (
    SELECT device_id, min(begins_at) AS begins_at, arg_min(label, begins_at) AS label
    FROM slots
    GROUP BY device_id
),
placed AS (
    SELECT sessions.id, sessions.device_id, sessions.started_at, slots.begins_at, slots.ends_at, slots.label
    FROM sessions
    ASOF LEFT JOIN slots ON slots.device_id = sessions.device_id AND sessions.started_at >= slots.begins_at
)
SELECT
    placed.id AS session_id,
    placed.device_id,
    placed.started_at,
    CASE
        WHEN answered.label IS NOT NULL THEN answered.label
        WHEN placed.started_at < placed.ends_at THEN placed.label
        WHEN placed.label IS NOT NULL THEN placed.label + greatest(1, CAST(floor(epoch(placed.started_at - placed.begins_at) / 86400) AS INTEGER))
        WHEN first.label IS NOT NULL THEN first.label + CAST(floor(epoch(placed.started_at - first.begins_at) / 86400) AS INTEGER)
        ELSE CAST(placed.started_at - INTERVAL 12 HOUR AS DATE)
    END AS day
FROM placed
LEFT JOIN answered ON answered.session_id = placed.id
LEFT JOIN first ON first.device_id = placed.device_id;
