-- What a night came to.
INSERT INTO night_ends (
    night_id,
    closed_at,
    exit_code,
    verdict
)
VALUES (
    $night_id::UUID,
    $closed_at::TIMESTAMP,
    $exit_code,
    $verdict
)
ON CONFLICT DO NOTHING;
