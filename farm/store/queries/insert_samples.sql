-- The readings of one metric and source of one run.
INSERT INTO samples (
    run_id,
    metric,
    source,
    values,
    at_ns
)
SELECT
    unnest($run_id::UUID[]),
    unnest($metric::VARCHAR[]),
    unnest($source::VARCHAR[]),
    unnest($values::DOUBLE[][]),
    unnest($at_ns::BIGINT[][]);
