-- One fact about the device around one run.
INSERT INTO device_state (
    run_id,
    phase,
    name,
    source,
    value,
    text,
    reason
)
SELECT
    unnest($run_id::UUID[]),
    unnest($phase::VARCHAR[]),
    unnest($name::VARCHAR[]),
    unnest($source::VARCHAR[]),
    unnest($value::DOUBLE[]),
    unnest($text::VARCHAR[]),
    unnest($reason::VARCHAR[]);
