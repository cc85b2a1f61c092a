-- Jobs that should be measured in a night.
-- Each parameter holds a whole column: a rack's night has thousands of rows, which one by one take many seconds.
INSERT INTO expected_jobs (
    night_id,
    number,
    device_name,
    workload_id,
    workload_key,
    artifact_name,
    artifact_sha256,
    pass,
    repeat,
    metric,
    next_due_by,
    kind,
    priority,
    design,
    block,
    position
)
SELECT
    unnest($night_id::UUID[]),
    unnest($number::INTEGER[]),
    unnest($device_name::VARCHAR[]),
    unnest($workload_id::VARCHAR[]),
    unnest($workload_key::VARCHAR[]),
    unnest($artifact_name::VARCHAR[]),
    unnest($artifact_sha256::VARCHAR[]),
    unnest($pass::VARCHAR[]),
    unnest($repeat::INTEGER[]),
    unnest($metric::VARCHAR[]),
    unnest($next_due_by::TIMESTAMP[]),
    unnest($kind::VARCHAR[]),
    unnest($priority::INTEGER[]),
    unnest($design::VARCHAR[]),
    unnest($block::INTEGER[]),
    unnest($position::INTEGER[]);
