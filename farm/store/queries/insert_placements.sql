-- Where one run stood in a gate's measuring.
INSERT INTO placements (
    run_id,
    gate_id,
    side,
    block,
    position
)
VALUES (
    $run_id::UUID,
    $gate_id::UUID,
    $side,
    $block,
    $position
);
