-- Version 14. What profile passes told: how long each operator took, with the runtime's tracer on.

-- One row for each part of a traced computation: an operator, or what operators lie in, whose time holds theirs. The whole of what was
-- timed is in samples (traced_latency_ns, traced_token_ns): with the tracer, so it is no latency.
CREATE TABLE operators (
    run_id UUID NOT NULL,
    place INTEGER NOT NULL,      -- from 0, in the order in which the parts are first reached
    parent INTEGER,              -- place of the part that it lies in; NULL: it lies in none
    name VARCHAR NOT NULL,       -- the runtime's own
    delegate VARCHAR,            -- what computes it; NULL: the runtime itself
    instruction BIGINT,          -- its place in the program; NULL: not told
    debug_id BIGINT,             -- its number in the delegate; NULL: told by name
    calls BIGINT NOT NULL,       -- over all iterations
    times_ns BIGINT[]            -- one for each iteration, the sum of its calls; NULL: dropped for their age, see pruned_operators
);

CREATE INDEX operators_by_run ON operators (run_id);

-- What operator_statistics said of times that were dropped for their age.
CREATE TABLE pruned_operators (
    run_id UUID NOT NULL,
    place INTEGER,               -- NULL: all that is outside of operators
    iterations BIGINT NOT NULL,
    p50_ns DOUBLE NOT NULL,
    p90_ns DOUBLE NOT NULL,
    own_p50_ns DOUBLE NOT NULL,
    usual_sum_ns DOUBLE NOT NULL,
    usual_own_sum_ns DOUBLE NOT NULL,
    is_whole_us BOOLEAN NOT NULL,
    pruned_at TIMESTAMP NOT NULL
);

CREATE INDEX pruned_operators_by_run ON pruned_operators (run_id);

-- One row for each part of each profile run, and one whose place is NULL: what of each iteration is in no operator, a part without parts.
-- own: less what lies in it. The sums are over the half of the iterations whose whole is nearest the median: there, shares add up, and
-- a pause of the machine counts for no operator. is_whole_us: no time has a fraction of a microsecond, as a delegate tells them that rounds.
CREATE VIEW operator_statistics AS
WITH parts AS (
    SELECT run_id, place, parent, unnest(range(len(times_ns))) AS iteration, unnest(times_ns) AS time_ns
    FROM operators WHERE times_ns IS NOT NULL
),
within AS (
    SELECT run_id, parent AS place, iteration, sum(time_ns) AS time_ns FROM parts WHERE parent IS NOT NULL GROUP BY ALL
),
own AS (
    SELECT parts.run_id, parts.place, parts.iteration, parts.time_ns, within.time_ns IS NULL AS is_operator, parts.time_ns - coalesce(within.time_ns, 0) AS own_ns
    FROM parts LEFT JOIN within ON within.run_id = parts.run_id AND within.place = parts.place AND within.iteration = parts.iteration
),
inside AS (
    SELECT run_id, iteration, sum(time_ns) AS time_ns FROM own WHERE is_operator GROUP BY ALL
),
traced AS (
    SELECT run_id, list_median(values) AS middle_ns, values
    FROM samples WHERE metric IN ('traced_latency_ns', 'traced_token_ns') AND source = ''
),
whole AS (
    SELECT run_id, middle_ns, unnest(range(len(values))) AS iteration, unnest(values) AS time_ns FROM traced
),
near AS (
    SELECT
        run_id,
        iteration,
        time_ns,
        2 * row_number() OVER (PARTITION BY run_id ORDER BY abs(time_ns - middle_ns), iteration) <= count(*) OVER (PARTITION BY run_id) + 1 AS is_usual
    FROM whole
),
every AS (
    SELECT run_id, place, iteration, CAST(time_ns AS DOUBLE) AS time_ns, CAST(own_ns AS DOUBLE) AS own_ns FROM own
    UNION ALL
    SELECT near.run_id, CAST(NULL AS INTEGER), iteration, near.time_ns - inside.time_ns, near.time_ns - inside.time_ns
    FROM near JOIN inside USING (run_id, iteration)
)
SELECT
    run_id,
    place,
    count(*) AS iterations,
    quantile_cont(every.time_ns, 0.5) AS p50_ns,
    quantile_cont(every.time_ns, 0.9) AS p90_ns,
    quantile_cont(own_ns, 0.5) AS own_p50_ns,
    sum(every.time_ns) FILTER (WHERE is_usual) AS usual_sum_ns,
    sum(own_ns) FILTER (WHERE is_usual) AS usual_own_sum_ns,
    bool_and(every.time_ns % 1000 = 0) AS is_whole_us
FROM every JOIN near USING (run_id, iteration)
GROUP BY run_id, place
UNION ALL
SELECT run_id, place, iterations, p50_ns, p90_ns, own_p50_ns, usual_sum_ns, usual_own_sum_ns, is_whole_us FROM pruned_operators;
