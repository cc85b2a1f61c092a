-- The statistics of one run.
SELECT metric, readings, p50, p90, p99, first FROM run_statistics WHERE run_id = $run_id::UUID ORDER BY metric;
