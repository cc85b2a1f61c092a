-- A session, unless it is known.
INSERT INTO sessions (
    id,
    started_at,
    device_id,
    device_name,
    labels,
    os_build,
    kernel,
    farm_version,
    revision,
    branch,
    seed,
    command
)
VALUES (
    $id::UUID,
    $started_at::TIMESTAMP,
    $device_id,
    $device_name,
    $labels::JSON,
    $os_build,
    $kernel,
    $farm_version,
    $revision,
    $branch,
    $seed,
    $command
)
ON CONFLICT DO NOTHING;
