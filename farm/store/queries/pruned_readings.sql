-- What stays of the dropped readings of chosen runs.
SELECT run_id::VARCHAR AS run, metric, source, readings, p50, least, most, mean, pruned_at
FROM pruned_samples
WHERE list_contains($run_ids::UUID[], run_id) AND least IS NOT NULL
ORDER BY run, metric, source;
