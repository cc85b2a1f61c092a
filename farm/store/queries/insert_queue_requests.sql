-- A wish for a device.
INSERT INTO queue_requests (
    id,
    asked_at,
    place,
    device_name,
    priority,
    process,
    pid,
    user_name,
    host,
    command,
    purpose
)
VALUES (
    $id::UUID,
    $asked_at::TIMESTAMP,
    $place,
    $device_name,
    $priority,
    $process,
    $pid,
    $user_name,
    $host,
    $command,
    $purpose
);
