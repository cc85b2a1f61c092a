-- An artifact of one side of a gate.
INSERT INTO gate_artifacts (
    gate_id,
    workload_id,
    side,
    sha256
)
VALUES (
    $gate_id::UUID,
    $workload_id,
    $side,
    $sha256
);
