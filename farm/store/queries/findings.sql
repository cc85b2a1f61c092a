-- The findings of a branch, each with what is known of it last; id: NULL for all of the branch, branch: NULL for all of an id.
-- The moments of a finding are beginnings of sessions of its device: each with its night.
WITH known AS (
    SELECT findings.*, states.* EXCLUDE (finding_id)
    FROM findings
    JOIN finding_states AS states ON states.finding_id = findings.id
    WHERE ($branch IS NULL OR findings.branch = $branch)
      AND ($id IS NULL OR findings.id = $id OR states.group_id = $id)
    QUALIFY row_number() OVER (PARTITION BY findings.id ORDER BY states.seen_at DESC) = 1
),
days AS MATERIALIZED (
    SELECT device_id, started_at, any_value(day) AS day
    FROM session_nights
    GROUP BY device_id, started_at
)
SELECT
    known.*,
    after_days.day AS after_night,
    first_days.day AS first_night,
    until_days.day AS until_night,
    recovered_days.day AS recovered_night
FROM known
LEFT JOIN days AS after_days ON after_days.device_id = known.device_id AND after_days.started_at = known.after_at
LEFT JOIN days AS first_days ON first_days.device_id = known.device_id AND first_days.started_at = known.first_at
LEFT JOIN days AS until_days ON until_days.device_id = known.device_id AND until_days.started_at = known.until_at
LEFT JOIN days AS recovered_days ON recovered_days.device_id = known.device_id AND recovered_days.started_at = known.recovered_at
ORDER BY known.first_seen_at, known.id;
