-- A file of items, unless it is known.
INSERT INTO item_files (
    sha256,
    name,
    kind,
    items,
    recipe,
    first_seen_at
)
VALUES (
    $sha256,
    $name,
    $kind,
    $items,
    $recipe::JSON,
    $first_seen_at::TIMESTAMP
)
ON CONFLICT DO NOTHING;
