-- Version 3. What a gate measured and judged, and what came of it.

-- Where a run stood that was measured for a gate. A gate that was killed has runs here and no row in gates.
CREATE TABLE placements (
    run_id UUID PRIMARY KEY,
    gate_id UUID NOT NULL,
    side VARCHAR NOT NULL,       -- baseline, candidate
    block INTEGER NOT NULL,      -- from 0, on its device
    position INTEGER NOT NULL    -- from 0, in its block of four
);

CREATE INDEX placements_by_gate ON placements (gate_id);

CREATE TABLE gates (
    id UUID PRIMARY KEY,
    judged_at TIMESTAMP NOT NULL,
    today DATE NOT NULL,         -- the day that exemptions were held against
    suite VARCHAR NOT NULL,      -- its name
    suite_file VARCHAR NOT NULL, -- as it was given
    candidate VARCHAR NOT NULL,  -- as it was given; identities are in gate_artifacts
    baseline VARCHAR NOT NULL,
    seed BIGINT,                 -- of the order of runs; NULL: nothing was measured, stored runs were judged
    plan JSON NOT NULL,          -- looks in blocks, error, min_runs, allow_unordered
    time_budget_s DOUBLE,        -- NULL: nothing was measured
    exit_code INTEGER NOT NULL,
    farm_version VARCHAR NOT NULL,
    command VARCHAR NOT NULL
);

CREATE TABLE gate_artifacts (
    gate_id UUID NOT NULL,
    workload_id VARCHAR NOT NULL,
    side VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL
);

CREATE TABLE gate_devices (
    gate_id UUID NOT NULL,
    name VARCHAR NOT NULL,
    failure VARCHAR,             -- why it could not be measured to the end; NULL: it was
    blocks INTEGER               -- that it has whole, where it was not
);

-- The runs that a gate judged, in the order that it took them to have. A run may be judged more than once.
CREATE TABLE judged_runs (
    gate_id UUID NOT NULL,
    run_id UUID NOT NULL,
    side VARCHAR NOT NULL,
    block INTEGER,               -- NULL: not known
    position INTEGER
);

CREATE INDEX judged_runs_by_gate ON judged_runs (gate_id);

CREATE TABLE verdicts (
    gate_id UUID NOT NULL,
    number INTEGER NOT NULL,     -- from 1, in the suite's order of budgets
    workload_id VARCHAR NOT NULL,
    metric VARCHAR NOT NULL,
    statistic VARCHAR NOT NULL,
    decision VARCHAR NOT NULL,   -- pass, fail, inconclusive
    blocking BOOLEAN NOT NULL,   -- whether it counts for the exit code
    reason VARCHAR NOT NULL,
    estimate DOUBLE,             -- candidate / baseline, a value in base units, or a drop of shares: as the budget is stated
    low DOUBLE,
    high DOUBLE,
    coverage DOUBLE,
    allowed DOUBLE NOT NULL,     -- in the same terms
    detectable DOUBLE,
    looks INTEGER NOT NULL,
    blocks INTEGER NOT NULL,
    document JSON NOT NULL,      -- all of it: budget, devices, levels, warnings, exclusions
    PRIMARY KEY (gate_id, number)
);
