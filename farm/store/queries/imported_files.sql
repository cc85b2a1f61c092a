-- Every imported file, the newest first.
SELECT
    imported_files.sha256,
    imported_files.name,
    imported_files.format,
    imported_files.imported_at,
    count(imported_numbers.file_sha256) AS numbers
FROM imported_files
LEFT JOIN imported_numbers ON imported_numbers.file_sha256 = imported_files.sha256
GROUP BY ALL
ORDER BY imported_files.imported_at DESC, imported_files.sha256;
