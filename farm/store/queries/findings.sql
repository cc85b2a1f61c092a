-- The findings of a branch, each with what is known of it last; id: NULL for all of the branch, branch: NULL for all of an id.
SELECT findings.*, states.* EXCLUDE (finding_id)
FROM findings
JOIN finding_states AS states ON states.finding_id = findings.id
WHERE ($branch IS NULL OR findings.branch = $branch)
  AND ($id IS NULL OR findings.id = $id OR states.group_id = $id)
QUALIFY row_number() OVER (PARTITION BY findings.id ORDER BY states.seen_at DESC) = 1
ORDER BY findings.first_seen_at, findings.id;
