-- A metric that one run could not measure.
INSERT INTO absences (
    run_id,
    metric,
    source,
    reason
)
SELECT
    unnest($run_id::UUID[]),
    unnest($metric::VARCHAR[]),
    unnest($source::VARCHAR[]),
    unnest($reason::VARCHAR[]);
