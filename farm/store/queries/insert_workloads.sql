-- A workload with its settings, unless it is known.
INSERT INTO workloads (
    id,
    key,
    method,
    inputs_sha256,
    settings,
    prompt_tokens
)
SELECT
    unnest($id::VARCHAR[]),
    unnest($key::VARCHAR[]),
    unnest($method::VARCHAR[]),
    unnest($inputs_sha256::VARCHAR[]),
    unnest($settings::JSON[]),
    unnest($prompt_tokens::INTEGER[])
ON CONFLICT DO NOTHING;
