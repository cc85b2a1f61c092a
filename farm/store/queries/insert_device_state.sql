-- One fact about the device around one run.
INSERT INTO device_state (
    run_id,
    phase,
    name,
    source,
    value,
    text,
    reason
)
VALUES (
    $run_id::UUID,
    $phase,
    $name,
    $source,
    $value,
    $text,
    $reason
);
