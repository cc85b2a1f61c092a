-- The statistics of every run that the database holds: for a few runs in memory.
SELECT run_id::VARCHAR AS run, metric, p50, p90, p99, first FROM run_statistics;
