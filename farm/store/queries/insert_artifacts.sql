-- An artifact, unless it is known.
INSERT INTO artifacts (
    sha256,
    name,
    runtime,
    size_bytes,
    recipe,
    has_reference,
    first_seen_at
)
SELECT
    unnest($sha256::VARCHAR[]),
    unnest($name::VARCHAR[]),
    unnest($runtime::VARCHAR[]),
    unnest($size_bytes::BIGINT[]),
    unnest($recipe::JSON[]),
    unnest($has_reference::BOOLEAN[]),
    unnest($first_seen_at::TIMESTAMP[])
ON CONFLICT DO NOTHING;
