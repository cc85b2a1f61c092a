-- A run that a gate judged.
INSERT INTO judged_runs (
    gate_id,
    run_id,
    side,
    block,
    position
)
VALUES (
    $gate_id::UUID,
    $run_id::UUID,
    $side,
    $block,
    $position
);
