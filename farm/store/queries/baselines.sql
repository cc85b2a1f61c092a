-- The baselines that there are, by name: the newest row of each; baseline (a name): NULL for all.
SELECT id::VARCHAR AS id, name, set_at, revision, command
FROM (
    SELECT * FROM baselines
    WHERE $baseline IS NULL OR name = $baseline
    QUALIFY row_number() OVER (PARTITION BY name ORDER BY set_at DESC, id DESC) = 1
)
WHERE NOT is_removed
ORDER BY name;
