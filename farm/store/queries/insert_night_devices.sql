-- A device of a night.
INSERT INTO night_devices (
    night_id,
    device_name,
    address
)
VALUES (
    $night_id::UUID,
    $device_name,
    $address::JSON
);
