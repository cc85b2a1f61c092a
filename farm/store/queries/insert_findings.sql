-- A finding, unless it is known.
INSERT INTO findings (
    id,
    branch,
    kind,
    device_id,
    device_name,
    workload_id,
    pass,
    metric,
    series_key,
    worse,
    first_seen_at
)
VALUES (
    $id,
    $branch,
    $kind,
    $device_id,
    $device_name,
    $workload_id,
    $pass,
    $metric,
    $series_key,
    $worse,
    $first_seen_at::TIMESTAMP
)
ON CONFLICT DO NOTHING;
