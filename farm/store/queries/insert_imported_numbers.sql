-- One statistic of one metric from a file of others' numbers.
INSERT INTO imported_numbers (
    file_sha256,
    place,
    label,
    device,
    os,
    metric,
    unit,
    statistic,
    values,
    position,
    positions,
    readings,
    valid,
    measured_at,
    source_metric,
    labels
)
VALUES (
    $file_sha256,
    $place,
    $label,
    $device,
    $os,
    $metric,
    $unit,
    $statistic,
    $values::DOUBLE[],
    $position,
    $positions::VARCHAR[],
    $readings,
    $valid,
    $measured_at::TIMESTAMP,
    $source_metric,
    $labels::JSON
);
