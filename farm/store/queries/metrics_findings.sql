-- How many findings stand, by branch, standing, and whether they are for the worse.
SELECT findings.branch, newest.standing, findings.worse, count(*) AS findings
FROM findings
JOIN (
    SELECT finding_id, standing, is_here FROM finding_states QUALIFY row_number() OVER (PARTITION BY finding_id ORDER BY seen_at DESC) = 1
) AS newest ON newest.finding_id = findings.id
WHERE newest.is_here
GROUP BY ALL
ORDER BY ALL;
