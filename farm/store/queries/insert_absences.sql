-- A metric that one run could not measure.
INSERT INTO absences (
    run_id,
    metric,
    source,
    reason
)
VALUES (
    $run_id::UUID,
    $metric,
    $source,
    $reason
);
