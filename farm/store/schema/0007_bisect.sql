-- Version 7. Where in a row of revisions a number changed; and the changes that a gate found outside its budgets.

CREATE TABLE bisections (
    id UUID PRIMARY KEY,
    ended_at TIMESTAMP NOT NULL,
    suite VARCHAR NOT NULL,      -- its name
    suite_file VARCHAR NOT NULL, -- as it was given
    build VARCHAR NOT NULL,      -- the command, before a revision was put in
    device_name VARCHAR NOT NULL,
    workload_id VARCHAR NOT NULL,
    metric VARCHAR NOT NULL,
    statistic VARCHAR NOT NULL,
    good VARCHAR NOT NULL,       -- revisions, in full
    bad VARCHAR NOT NULL,
    revisions INTEGER NOT NULL,  -- after the good one, up to the bad one
    last_good VARCHAR NOT NULL,  -- the change lies after this one
    first_bad VARCHAR NOT NULL,  -- and at the latest in this one
    is_exact BOOLEAN NOT NULL,   -- no revision lies between the two
    ratio DOUBLE,                -- of the two, measured against each other; NULL: they were not
    ratio_low DOUBLE,
    ratio_high DOUBLE,
    seed BIGINT NOT NULL,
    farm_version VARCHAR NOT NULL,
    command VARCHAR NOT NULL
);

CREATE TABLE bisect_steps (
    bisection_id UUID NOT NULL,
    number INTEGER NOT NULL,     -- from 1, as they were tried
    revision VARCHAR NOT NULL,
    answer VARCHAR NOT NULL,     -- good, bad, unclear, unbuildable
    gate_id UUID,                -- under which its runs have their places; NULL: nothing was measured
    artifact_sha256 VARCHAR,     -- NULL: it could not be built
    ratio DOUBLE,                -- to the good revision
    ratio_low DOUBLE,
    ratio_high DOUBLE,
    reason VARCHAR NOT NULL,
    PRIMARY KEY (bisection_id, number)
);

-- Found among what a gate measured without a budget, at a false discovery rate: to be looked at, never a verdict.
CREATE TABLE gate_changes (
    gate_id UUID NOT NULL,
    number INTEGER NOT NULL,     -- from 1, the largest first
    device_name VARCHAR NOT NULL,
    workload_id VARCHAR NOT NULL,
    metric VARCHAR NOT NULL,
    statistic VARCHAR NOT NULL,
    ratio DOUBLE NOT NULL,       -- candidate / baseline
    ratio_low DOUBLE,
    ratio_high DOUBLE,
    worse BOOLEAN NOT NULL,
    q_value DOUBLE NOT NULL,
    PRIMARY KEY (gate_id, number)
);
