-- Who a device of a night is; the first answer holds.
INSERT INTO night_identities (
    night_id,
    device_name,
    device_id
)
VALUES (
    $night_id::UUID,
    $device_name,
    $device_id
)
ON CONFLICT DO NOTHING;
