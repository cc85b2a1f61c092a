-- What came of an expected job; the first answer holds.
INSERT INTO expected_answers (
    night_id,
    number,
    answered_at,
    run_id,
    is_valid,
    reason
)
VALUES (
    $night_id::UUID,
    $number,
    $answered_at::TIMESTAMP,
    $run_id::UUID,
    $is_valid,
    $reason
)
ON CONFLICT DO NOTHING;
