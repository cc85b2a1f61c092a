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
VALUES (
    $sha256,
    $name,
    $runtime,
    $size_bytes,
    $recipe::JSON,
    $has_reference,
    $first_seen_at::TIMESTAMP
)
ON CONFLICT DO NOTHING;
