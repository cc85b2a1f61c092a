-- The raw readings of one run.
SELECT metric, source, values, at_ns FROM samples WHERE run_id = $run_id::UUID ORDER BY metric, source;
