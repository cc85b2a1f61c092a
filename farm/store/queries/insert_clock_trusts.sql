-- The clock is right, and what was stored beyond it was not.
INSERT INTO clock_trusts (
    said_at,
    stored_at
)
VALUES (
    $said_at::TIMESTAMP,
    $stored_at::TIMESTAMP
);
