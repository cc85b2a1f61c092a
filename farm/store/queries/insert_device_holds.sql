-- A person's hold on a device, or its end.
INSERT INTO device_holds (
    device_name,
    said_at,
    is_held,
    said_by,
    reason
)
VALUES (
    $device_name,
    $said_at::TIMESTAMP,
    $is_held,
    $said_by,
    $reason
);
