-- The readings of one metric and source of one run.
INSERT INTO samples (
    run_id,
    metric,
    source,
    values,
    at_ns
)
VALUES (
    $run_id::UUID,
    $metric,
    $source,
    $values::DOUBLE[],
    $at_ns::BIGINT[]
);
