-- What chosen runs were asked for and could not measure.
SELECT run_id::VARCHAR AS run, metric, reason
FROM absences
WHERE list_contains($run_ids::UUID[], run_id) AND source = '';
