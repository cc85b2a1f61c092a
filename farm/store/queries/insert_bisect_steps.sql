-- A revision that a bisection tried.
INSERT INTO bisect_steps (
    bisection_id,
    number,
    revision,
    answer,
    gate_id,
    artifact_sha256,
    ratio,
    ratio_low,
    ratio_high,
    reason
)
VALUES (
    $bisection_id::UUID,
    $number,
    $revision,
    $answer,
    $gate_id::UUID,
    $artifact_sha256,
    $ratio,
    $ratio_low,
    $ratio_high,
    $reason
);
