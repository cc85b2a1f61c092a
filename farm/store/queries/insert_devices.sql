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
SELECT
    unnest($id::VARCHAR[]),
    unnest($kind::VARCHAR[]),
    unnest($model::VARCHAR[]),
    unnest($soc::VARCHAR[]),
    unnest($architecture::VARCHAR[]),
    unnest($cpu_count::INTEGER[]),
    unnest($memory_bytes::BIGINT[]),
    unnest($first_seen_at::TIMESTAMP[])
ON CONFLICT DO NOTHING;
