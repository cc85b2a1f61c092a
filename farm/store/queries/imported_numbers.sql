-- The numbers of one imported file, in its order.
SELECT imported_numbers.* EXCLUDE (file_sha256, place), imported_files.name AS file, imported_files.format
FROM imported_numbers
JOIN imported_files ON imported_files.sha256 = imported_numbers.file_sha256
WHERE imported_files.sha256 = $sha256
ORDER BY imported_numbers.place;
