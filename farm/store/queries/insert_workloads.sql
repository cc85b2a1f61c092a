-- A workload with its settings, unless it is known.
INSERT INTO workloads (
    id,
    key,
    method,
    inputs_sha256,
    settings,
    prompt_tokens
)
VALUES (
    $id,
    $key,
    $method,
    $inputs_sha256,
    $settings::JSON,
    $prompt_tokens
)
ON CONFLICT DO NOTHING;
