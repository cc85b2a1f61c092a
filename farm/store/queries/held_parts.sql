-- What the baselines that hold have pinned.
WITH held AS (
    SELECT id, name, is_removed FROM baselines QUALIFY row_number() OVER (PARTITION BY name ORDER BY set_at DESC, id DESC) = 1
)
SELECT held.name AS baseline, parts.kind, parts.sha256, parts.tree_sha256, parts.size_bytes, parts.name, parts.workload_id
FROM held
JOIN baseline_parts AS parts ON parts.baseline_id = held.id
WHERE NOT held.is_removed
ORDER BY held.name, parts.name;
