-- The summaries of the readings that do not stay.
INSERT INTO target.pruned_samples
SELECT
    run_id,
    metric,
    source,
    len(values),
    list_aggregate(values, 'quantile_cont', 0.5),
    list_aggregate(values, 'quantile_cont', 0.9),
    list_aggregate(values, 'quantile_cont', 0.99),
    values[1],
    list_min(values),
    list_max(values),
    list_avg(values),
    $pruned_at::TIMESTAMP
FROM source.samples
WHERE run_id IN (SELECT run_id FROM temp.chosen) AND len(values) > $few AND NOT list_contains($kept_sources::VARCHAR[], source);
