-- One look at a device, or what a person said of it.
INSERT INTO health_looks (
    id,
    looked_at,
    device_id,
    device_name,
    kind,
    health_before,
    health,
    since,
    reason,
    failed,
    passed,
    os_build,
    soc,
    farm_version,
    command
)
VALUES (
    $id::UUID,
    $looked_at::TIMESTAMP,
    $device_id,
    $device_name,
    $kind,
    $health_before,
    $health,
    $since::TIMESTAMP,
    $reason,
    $failed,
    $passed,
    $os_build,
    $soc,
    $farm_version,
    $command
);
