-- What one run was asked for and could not measure.
SELECT metric, source, reason FROM absences WHERE run_id = $run_id::UUID ORDER BY metric, source;
