-- A number that a file of others' numbers does not have.
INSERT INTO imported_gaps (
    file_sha256,
    label,
    device,
    source_metric,
    reason
)
SELECT
    unnest($file_sha256::VARCHAR[]),
    unnest($label::VARCHAR[]),
    unnest($device::VARCHAR[]),
    unnest($source_metric::VARCHAR[]),
    unnest($reason::VARCHAR[]);
