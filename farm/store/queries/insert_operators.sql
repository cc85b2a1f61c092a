-- The parts of one traced computation.
INSERT INTO operators (
    run_id,
    place,
    parent,
    name,
    delegate,
    instruction,
    debug_id,
    calls,
    times_ns
)
SELECT
    unnest($run_id::UUID[]),
    unnest($place::INTEGER[]),
    unnest($parent::INTEGER[]),
    unnest($name::VARCHAR[]),
    unnest($delegate::VARCHAR[]),
    unnest($instruction::BIGINT[]),
    unnest($debug_id::BIGINT[]),
    unnest($calls::BIGINT[]),
    unnest($times_ns::BIGINT[][]);
