-- Version 1. Times are UTC. A released file of this folder is never edited; a change is a new file.

CREATE TABLE devices (
    id VARCHAR PRIMARY KEY,      -- by the device's own answers, never its name in a file
    kind VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    soc VARCHAR,
    architecture VARCHAR NOT NULL,
    cpu_count INTEGER NOT NULL,
    memory_bytes BIGINT,
    first_seen_at TIMESTAMP NOT NULL
);

CREATE TABLE artifacts (
    sha256 VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL,       -- of the file it was first seen as; its identity is the hash
    runtime VARCHAR NOT NULL,
    size_bytes BIGINT NOT NULL,
    recipe JSON,                 -- NULL: it came without one
    has_reference BOOLEAN NOT NULL,
    first_seen_at TIMESTAMP NOT NULL
);

CREATE TABLE sessions (
    id UUID PRIMARY KEY,
    started_at TIMESTAMP NOT NULL,
    device_id VARCHAR NOT NULL,
    device_name VARCHAR NOT NULL, -- what devices.toml called it then
    labels JSON NOT NULL,
    os_build VARCHAR NOT NULL,
    kernel VARCHAR,
    farm_version VARCHAR NOT NULL,
    revision VARCHAR,            -- of the model's repository; NULL: not given
    branch VARCHAR,
    seed BIGINT NOT NULL,        -- what the order of the jobs was drawn from
    command VARCHAR NOT NULL
);

CREATE TABLE workloads (
    id VARCHAR NOT NULL,         -- the suite's workload id
    key VARCHAR PRIMARY KEY,     -- hash of id, method, inputs and settings
    method VARCHAR NOT NULL,
    inputs_sha256 VARCHAR NOT NULL,
    settings JSON NOT NULL,
    prompt_tokens INTEGER        -- NULL: not a language model
);

CREATE TABLE runs (
    id UUID PRIMARY KEY,
    session_id UUID NOT NULL,
    workload_key VARCHAR NOT NULL,
    workload_id VARCHAR NOT NULL,
    artifact_sha256 VARCHAR NOT NULL,
    device_id VARCHAR NOT NULL,
    pass VARCHAR NOT NULL,
    repeat INTEGER NOT NULL,     -- from 0
    attempt INTEGER NOT NULL,    -- from 1; a disturbed attempt is followed by another
    nonce VARCHAR NOT NULL,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP NOT NULL,
    outcome VARCHAR NOT NULL,    -- ok, failed, invalid, not_ready, timed_out, device_lost
    error_class VARCHAR,
    reason VARCHAR,
    hint VARCHAR,
    series_key VARCHAR,          -- what is followed over time, less the metric; NULL: the harness said nothing
    runtime VARCHAR,
    runtime_version VARCHAR,
    flavour VARCHAR,
    threads INTEGER NOT NULL,
    harness_hash VARCHAR,
    build_type VARCHAR,
    begin_line JSON,             -- the harness's own words
    output_sha256 VARCHAR,
    output_check VARCHAR,        -- passed, unchecked, failed; NULL: it came to no output
    output_error DOUBLE
);

CREATE INDEX runs_by_series ON runs (series_key);

-- Raw readings: one row for each run, metric and source. A reading is a number; what is absent has a row in absences.
CREATE TABLE samples (
    run_id UUID NOT NULL,
    metric VARCHAR NOT NULL,     -- ends in its unit
    source VARCHAR NOT NULL,     -- tells readings of one metric apart; '' is the metric itself
    values DOUBLE[] NOT NULL,
    at_ns BIGINT[]               -- since the harness began; NULL: no times were taken
);

CREATE INDEX samples_by_run ON samples (run_id);

CREATE TABLE absences (
    run_id UUID NOT NULL,
    metric VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    reason VARCHAR NOT NULL
);

CREATE TABLE device_state (
    run_id UUID NOT NULL,
    phase VARCHAR NOT NULL,      -- before, after
    name VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    value DOUBLE,
    text VARCHAR,
    reason VARCHAR               -- why there is neither value nor text
);

-- One row for each statistic of each metric of each run. Quantiles interpolate linearly (type 7 of Hyndman and Fan, 1996).
CREATE VIEW run_statistics AS
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
SELECT run_id, metric, readings, value, value, value, value FROM rates;
