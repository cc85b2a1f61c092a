-- The rates that were told from readings that do not stay: statistics that the source has and the target would not have.
INSERT INTO target.pruned_samples
SELECT old.run_id, old.metric, '', old.readings, old.p50, old.p90, old.p99, old.first, NULL, NULL, NULL, $pruned_at::TIMESTAMP
FROM source.run_statistics AS old
WHERE old.run_id IN (SELECT run_id FROM temp.chosen)
  AND (old.run_id, old.metric) NOT IN (SELECT (run_id, metric) FROM target.run_statistics);
