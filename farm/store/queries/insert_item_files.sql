-- A file of items, unless it is known.
INSERT INTO item_files (
    sha256,
    name,
    kind,
    items,
    recipe,
    first_seen_at
)
SELECT
    unnest($sha256::VARCHAR[]),
    unnest($name::VARCHAR[]),
    unnest($kind::VARCHAR[]),
    unnest($items::BIGINT[]),
    unnest($recipe::JSON[]),
    unnest($first_seen_at::TIMESTAMP[])
ON CONFLICT DO NOTHING;
