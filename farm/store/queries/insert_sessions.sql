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
SELECT
    unnest($id::UUID[]),
    unnest($started_at::TIMESTAMP[]),
    unnest($device_id::VARCHAR[]),
    unnest($device_name::VARCHAR[]),
    unnest($labels::JSON[]),
    unnest($os_build::VARCHAR[]),
    unnest($kernel::VARCHAR[]),
    unnest($farm_version::VARCHAR[]),
    unnest($revision::VARCHAR[]),
    unnest($branch::VARCHAR[]),
    unnest($seed::BIGINT[]),
    unnest($command::VARCHAR[])
ON CONFLICT DO NOTHING;
