-- The items that valid quality runs of a revision (or the beginning of its hash), or of an artifact (likewise), were asked.
SELECT DISTINCT item_files.sha256, item_files.name
FROM runs
JOIN sessions ON sessions.id = runs.session_id
JOIN answers ON answers.run_id = runs.id
JOIN item_files ON item_files.sha256 = answers.items_sha256
WHERE runs.outcome = 'ok'
  AND ($revision IS NULL OR starts_with(sessions.revision, $revision))
  AND ($artifact IS NULL OR starts_with(runs.artifact_sha256, $artifact))
ORDER BY item_files.name, item_files.sha256;
