-- Runs that began before $before and have readings worth dropping, oldest first: how many, their bytes, and what needs them (NULL: nothing).
-- Dropped are rows of more than $few readings, whose summary is smaller than they are; kept are those of $kept_sources, which tell how sure
-- a run is of its own value. $days: nights before and after a change whose runs its finding needs.
WITH held AS (
    SELECT id FROM baselines QUALIFY row_number() OVER (PARTITION BY name ORDER BY set_at DESC, id DESC) = 1 AND NOT is_removed
),
standing AS (
    SELECT finding_id, standing FROM finding_states QUALIFY row_number() OVER (PARTITION BY finding_id ORDER BY seen_at DESC) = 1
),
windows AS (
    SELECT
        findings.series_key,
        findings.pass,
        min(finding_states.after_at) - to_days(CAST($days AS INTEGER)) AS since,
        max(coalesce(finding_states.until_at, finding_states.first_at, finding_states.after_at)) + to_days(CAST($days AS INTEGER)) AS until,
        bool_or(findings.id IN (SELECT finding_id FROM acknowledgements)) AS is_acknowledged
    FROM findings
    JOIN finding_states ON finding_states.finding_id = findings.id
    JOIN standing ON standing.finding_id = findings.id
    WHERE findings.series_key IS NOT NULL
      AND (standing.standing NOT IN ('refuted', 'gone') OR findings.id IN (SELECT finding_id FROM acknowledgements))
    GROUP BY findings.id, findings.series_key, findings.pass
),
raw AS (
    SELECT run_id, sum(readings) AS readings, sum(size_bytes) AS size_bytes
    FROM (
        SELECT run_id, len(values) AS readings, 8 * (len(values) + coalesce(len(at_ns), 0)) AS size_bytes
        FROM samples
        WHERE len(values) > $few AND NOT list_contains($kept_sources::VARCHAR[], source)
        UNION ALL
        SELECT run_id, len(times_ns), 8 * len(times_ns) FROM operators WHERE len(times_ns) > $few
    )
    GROUP BY run_id
)
SELECT
    runs.id::VARCHAR AS run_id,
    runs.started_at,
    sessions.device_name AS device,
    runs.workload_id AS workload,
    raw.readings::BIGINT AS readings,
    raw.size_bytes::BIGINT AS size_bytes,
    CASE
        WHEN runs.id IN (SELECT run_id FROM judged_runs) THEN 'a gate'
        WHEN runs.id IN (SELECT run_id FROM placements) THEN 'a gate, calibration or bisection'
        WHEN EXISTS (SELECT 1 FROM windows WHERE windows.series_key = runs.series_key AND windows.pass = runs.pass
            AND windows.is_acknowledged AND sessions.started_at BETWEEN windows.since AND windows.until) THEN 'an acknowledgement'
        WHEN EXISTS (SELECT 1 FROM windows WHERE windows.series_key = runs.series_key AND windows.pass = runs.pass
            AND sessions.started_at BETWEEN windows.since AND windows.until) THEN 'a finding'
        WHEN runs.session_id IN (SELECT session_id FROM confirmation_answers WHERE session_id IS NOT NULL) THEN 'a finding'
        WHEN runs.artifact_sha256 IN (SELECT sha256 FROM baseline_parts WHERE kind = 'artifact' AND baseline_id IN (SELECT id FROM held)) THEN 'a baseline'
        WHEN runs.session_id IN (SELECT session_id FROM canaries WHERE is_band) THEN 'a canary''s band'
    END AS needed_by
FROM raw
JOIN runs ON runs.id = raw.run_id
JOIN sessions ON sessions.id = runs.session_id
WHERE runs.started_at < $before::TIMESTAMP
ORDER BY runs.started_at, runs.id;
