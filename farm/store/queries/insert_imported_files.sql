-- A file of others' numbers.
INSERT INTO imported_files (
    sha256,
    name,
    size_bytes,
    format,
    imported_at,
    farm_version
)
VALUES (
    $sha256,
    $name,
    $size_bytes,
    $format,
    $imported_at::TIMESTAMP,
    $farm_version
);
