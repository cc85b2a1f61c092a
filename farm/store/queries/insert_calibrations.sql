-- A calibration.
INSERT INTO calibrations (
    id,
    measured_at,
    suite,
    suite_file,
    seed,
    farm_version,
    command
)
VALUES (
    $id::UUID,
    $measured_at::TIMESTAMP,
    $suite,
    $suite_file,
    $seed,
    $farm_version,
    $command
);
