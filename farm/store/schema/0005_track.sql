-- Version 5. What is found in a branch's history. Every table is added to and never changed: its rows are the history.

-- A finding keeps its id while what is known of it changes.
CREATE TABLE findings (
    id VARCHAR PRIMARY KEY,
    branch VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,        -- change, missing
    device_id VARCHAR,            -- NULL: a job of a suite that never gave data
    device_name VARCHAR NOT NULL,
    workload_id VARCHAR NOT NULL,
    pass VARCHAR NOT NULL,
    metric VARCHAR NOT NULL,
    series_key VARCHAR,
    worse BOOLEAN NOT NULL,
    first_seen_at TIMESTAMP NOT NULL
);

CREATE INDEX findings_by_branch ON findings (branch);

-- What was known of a finding at a time: a new row whenever that is something else. The newest row is what holds.
CREATE TABLE finding_states (
    finding_id VARCHAR NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    standing VARCHAR NOT NULL,    -- confirmed, suspected, refuted, gone; of a missing series: missing, back
    is_here BOOLEAN NOT NULL,
    after_at TIMESTAMP,           -- the nights that a change lies between, and the likeliest; of a missing series: its last night
    after_revision VARCHAR,
    first_at TIMESTAMP,
    first_revision VARCHAR,
    until_at TIMESTAMP,
    until_revision VARCHAR,
    recovered_at TIMESTAMP,       -- the first night on which it was no longer there
    recovered_revision VARCHAR,
    before DOUBLE,                -- the two levels, in the metric's base unit
    after DOUBLE,
    size DOUBLE,                  -- new over old, or new less old where values are not all positive
    size_low DOUBLE,
    size_high DOUBLE,
    size_is_ratio BOOLEAN,
    significance DOUBLE,
    deviations DOUBLE,
    group_id VARCHAR,
    causes JSON,                  -- what else changed there
    artifact_changed BOOLEAN,
    reason VARCHAR
);

CREATE INDEX finding_states_by_finding ON finding_states (finding_id);

CREATE TABLE acknowledgements (
    finding_id VARCHAR NOT NULL,
    said_at TIMESTAMP NOT NULL,
    answer VARCHAR NOT NULL,      -- accept, false-alarm, fixed, revoked
    until DATE NOT NULL,          -- the last day that it holds
    owner VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    revision VARCHAR              -- that fixes it
);

-- Fresh runs that a suspected change asks for, with what they will be held against: declared when they are asked for.
CREATE TABLE confirmations (
    id UUID PRIMARY KEY,
    finding_id VARCHAR NOT NULL,
    asked_at TIMESTAMP NOT NULL,
    branch VARCHAR NOT NULL,
    device_id VARCHAR NOT NULL,
    device_name VARCHAR NOT NULL,
    series_key VARCHAR NOT NULL,
    workload_id VARCHAR NOT NULL,
    workload_key VARCHAR NOT NULL, -- with the device and the pass, what tells the job to run
    pass VARCHAR NOT NULL,
    metric VARCHAR NOT NULL,
    runs INTEGER NOT NULL,
    suspicion JSON NOT NULL
);

CREATE TABLE confirmation_answers (
    confirmation_id UUID PRIMARY KEY,
    answered_at TIMESTAMP NOT NULL,
    session_id UUID,              -- that served it; NULL: withdrawn
    is_confirmed BOOLEAN,         -- NULL: withdrawn
    reason VARCHAR NOT NULL
);

-- A name for pinned bytes. Setting a name again, or removing it, is a new row; the newest row of a name is what holds.
CREATE TABLE baselines (
    id UUID PRIMARY KEY,
    name VARCHAR NOT NULL,
    set_at TIMESTAMP NOT NULL,
    is_removed BOOLEAN NOT NULL,
    revision VARCHAR,
    command VARCHAR NOT NULL
);

CREATE TABLE baseline_parts (
    baseline_id UUID NOT NULL,
    kind VARCHAR NOT NULL,        -- artifact, items, harness
    workload_id VARCHAR,          -- NULL: of no workload, or of all
    sha256 VARCHAR NOT NULL,      -- of the artifact or the items; of a harness: its own hash
    tree_sha256 VARCHAR NOT NULL, -- of the pinned folder: what it is called in pinned/
    size_bytes BIGINT NOT NULL,
    name VARCHAR NOT NULL
);
