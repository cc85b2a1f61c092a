-- Where a request stands from a time on.
INSERT INTO queue_standings (
    request_id,
    number,
    standing_at,
    standing,
    device_id,
    waited_s,
    displaced,
    reason
)
VALUES (
    $request_id::UUID,
    $number,
    $standing_at::TIMESTAMP,
    $standing,
    $device_id,
    $waited_s,
    $displaced,
    $reason
);
