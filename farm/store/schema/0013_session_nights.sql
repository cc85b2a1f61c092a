-- Version 13. The night that a session is of: that of the nightly whose jobs its runs answer, else the one that its device had at that
-- time, and where there is none noon to noon UTC. A night is named after the day that it begins on, in its own time zone.

CREATE VIEW session_nights AS
WITH answered AS (
    SELECT runs.session_id, max(nights.label) AS label
    FROM expected_answers
    JOIN nights ON nights.id = expected_answers.night_id
    JOIN runs ON runs.id = expected_answers.run_id
    GROUP BY runs.session_id
),
around AS (
    SELECT sessions.id AS session_id, max(nights.label) AS label
    FROM sessions
    JOIN night_identities ON night_identities.device_id = sessions.device_id
    JOIN nights
      ON nights.id = night_identities.night_id
      AND nights.begins_at <= sessions.started_at
      AND sessions.started_at < nights.ends_at
    GROUP BY sessions.id
)
SELECT
    sessions.id AS session_id,
    sessions.device_id,
    sessions.started_at,
    coalesce(answered.label, around.label, CAST(sessions.started_at - INTERVAL 12 HOUR AS DATE)) AS day
FROM sessions
LEFT JOIN answered ON answered.session_id = sessions.id
LEFT JOIN around ON around.session_id = sessions.id;
