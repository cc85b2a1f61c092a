-- What a baseline pins.
SELECT kind, workload_id, sha256, tree_sha256, size_bytes, name
FROM baseline_parts
WHERE baseline_id = $id::UUID
ORDER BY kind, workload_id, name, sha256;
