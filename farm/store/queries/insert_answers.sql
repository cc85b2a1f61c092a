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
SELECT
    unnest($run_id::UUID[]),
    unnest($items_sha256::VARCHAR[]),
    unnest($metric::VARCHAR[]),
    unnest($values::DOUBLE[][]),
    unnest($tokens::BIGINT[][]),
    unnest($predicted::BIGINT[][]),
    unnest($output_sha256::VARCHAR[]);
