-- A device, unless it is known.
INSERT INTO devices (
    id,
    kind,
    model,
    soc,
    architecture,
    cpu_count,
    memory_bytes,
    first_seen_at
)
VALUES (
    $id,
    $kind,
    $model,
    $soc,
    $architecture,
    $cpu_count,
    $memory_bytes,
    $first_seen_at::TIMESTAMP
)
ON CONFLICT DO NOTHING;
