-- What one quality run answered.
INSERT INTO answers (
    run_id,
    items_sha256,
    metric,
    values,
    tokens,
    predicted,
    output_sha256
)
VALUES (
    $run_id::UUID,
    $items_sha256,
    $metric,
    $values::DOUBLE[],
    $tokens::BIGINT[],
    $predicted::BIGINT[],
    $output_sha256
);
