-- What was said of a branch's findings, oldest first; branch: NULL for all.
SELECT acknowledgements.*
FROM acknowledgements
JOIN findings ON findings.id = acknowledgements.finding_id
WHERE $branch IS NULL OR findings.branch = $branch
ORDER BY acknowledgements.said_at;
