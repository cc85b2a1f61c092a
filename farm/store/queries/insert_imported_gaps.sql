-- A number that a file of others' numbers does not have.
INSERT INTO imported_gaps (
    file_sha256,
    label,
    device,
    source_metric,
    reason
)
VALUES (
    $file_sha256,
    $label,
    $device,
    $source_metric,
    $reason
);
