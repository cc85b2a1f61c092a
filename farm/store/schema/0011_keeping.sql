-- Version 11. What stays of raw readings that were dropped for their age, so that every statistic is what it was.

-- One row for each metric and source of a run whose readings were dropped, and for each rate that was told from them. They are what
-- run_statistics said while the readings were there; least, most and mean are NULL for a rate, which had no readings of its own.
CREATE TABLE pruned_samples (
    run_id UUID NOT NULL,
    metric VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    readings BIGINT NOT NULL,
    p50 DOUBLE,
    p90 DOUBLE,
    p99 DOUBLE,
    first DOUBLE,
    least DOUBLE,
    most DOUBLE,
    mean DOUBLE,
    pruned_at TIMESTAMP NOT NULL
);

CREATE INDEX pruned_samples_by_run ON pruned_samples (run_id);

CREATE OR REPLACE VIEW run_statistics AS
WITH headline AS (
    SELECT run_id, metric, values FROM samples WHERE source = '' AND len(values) > 0
),
rates AS (
    SELECT run_id, 'decode_tokens_per_s' AS metric, 1e9 / list_avg(values) AS value, len(values) AS readings
    FROM headline WHERE metric = 'token_ns'
    UNION ALL
    SELECT prefill.run_id, 'prefill_tokens_per_s', 1e9 * list_avg(tokens.values) / list_median(prefill.values), len(prefill.values)
    FROM headline AS prefill JOIN headline AS tokens ON tokens.run_id = prefill.run_id AND tokens.metric = 'prompt_tokens_count'
    WHERE prefill.metric = 'prefill_ns'
)
SELECT
    run_id,
    metric,
    len(values) AS readings,
    list_aggregate(values, 'quantile_cont', 0.5) AS p50,
    list_aggregate(values, 'quantile_cont', 0.9) AS p90,
    list_aggregate(values, 'quantile_cont', 0.99) AS p99,
    values[1] AS first
FROM headline
UNION ALL
SELECT run_id, metric, readings, value, value, value, value FROM rates
UNION ALL
SELECT run_id, metric, readings, p50, p90, p99, first FROM pruned_samples WHERE source = '';
