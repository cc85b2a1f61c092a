-- A request that is to end.
INSERT INTO queue_cancellations (
    request_id,
    cancelled_at,
    cancelled_by
)
VALUES (
    $request_id::UUID,
    $cancelled_at::TIMESTAMP,
    $cancelled_by
);
