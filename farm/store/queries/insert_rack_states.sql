-- What a device does from a time on.
INSERT INTO rack_states (
    device_name,
    device_id,
    since_at,
    state,
    process,
    reason
)
VALUES (
    $device_name,
    $device_id,
    $since_at::TIMESTAMP,
    $state,
    $process,
    $reason
);
