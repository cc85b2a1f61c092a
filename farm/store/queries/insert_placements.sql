-- Where one run stood in a gate's measuring.
INSERT INTO placements (
    run_id,
    gate_id,
    side,
    block,
    position
)
SELECT
    unnest($run_id::UUID[]),
    unnest($gate_id::UUID[]),
    unnest($side::VARCHAR[]),
    unnest($block::INTEGER[]),
    unnest($position::INTEGER[]);
