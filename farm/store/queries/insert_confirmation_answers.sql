-- What came of a request for fresh runs.
INSERT INTO confirmation_answers (
    confirmation_id,
    answered_at,
    session_id,
    is_confirmed,
    reason
)
VALUES (
    $confirmation_id::UUID,
    $answered_at::TIMESTAMP,
    $session_id::UUID,
    $is_confirmed,
    $reason
);
