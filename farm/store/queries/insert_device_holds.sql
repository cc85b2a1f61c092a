-- A person's hold on a device, or its end.
INSERT INTO device_holds (
    device_name,
    number,
    place,
    said_at,
    is_held,
    said_by,
    reason
)
VALUES (
    $device_name,
    (SELECT coalesce(max(number), 0) + 1 FROM device_holds WHERE device_name = $device_name AND place = $place),
    $place,
    $said_at::TIMESTAMP,
    $is_held,
    $said_by,
    $reason
);
