-- What came of expected jobs; the first answer of each holds.
-- Each parameter holds a whole column: a rack's night has thousands of rows, which one by one take many seconds.
INSERT INTO expected_answers (
    night_id,
    number,
    answered_at,
    run_id,
    is_valid,
    reason
)
SELECT
    unnest($night_id::UUID[]),
    unnest($number::INTEGER[]),
    unnest($answered_at::TIMESTAMP[]),
    unnest($run_id::UUID[]),
    unnest($is_valid::BOOLEAN[]),
    unnest($reason::VARCHAR[])
ON CONFLICT DO NOTHING;
