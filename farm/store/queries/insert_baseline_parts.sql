-- What a baseline pins.
INSERT INTO baseline_parts (
    baseline_id,
    kind,
    workload_id,
    sha256,
    tree_sha256,
    size_bytes,
    name
)
VALUES (
    $baseline_id::UUID,
    $kind,
    $workload_id,
    $sha256,
    $tree_sha256,
    $size_bytes,
    $name
);
