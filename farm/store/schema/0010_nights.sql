-- Version 10. The nights of a rack: what should be measured, written down before anything is, and what came of it. Every table is added
-- to and never changed. Times are UTC.

CREATE TABLE nights (
    id UUID PRIMARY KEY,
    label DATE NOT NULL,         -- the day that it begins on, in its time zone: what people call it
    suite VARCHAR NOT NULL,      -- its name
    suite_file VARCHAR NOT NULL,
    suite_sha256 VARCHAR NOT NULL,
    suite_text VARCHAR NOT NULL, -- what the night goes by, whatever the file holds later
    pool VARCHAR NOT NULL,
    branch VARCHAR NOT NULL,
    revision VARCHAR,
    seed BIGINT NOT NULL,        -- of the order of runs: the same for all nights of a suite on a pool, since they balance each other
    time_zone VARCHAR NOT NULL,
    begins_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP NOT NULL,  -- when the next one begins
    due_by TIMESTAMP NOT NULL,   -- until then nothing of it is missing: begins_at and the grace
    opened_at TIMESTAMP NOT NULL,
    who VARCHAR NOT NULL,        -- opened it: process, user, host, command
    farm_version VARCHAR NOT NULL
);

-- The devices of a night, and where they hung. A device keeps the name of the night's beginning until its end.
CREATE TABLE night_devices (
    night_id UUID NOT NULL,
    device_name VARCHAR NOT NULL,
    address JSON NOT NULL,
    PRIMARY KEY (night_id, device_name)
);

-- Who a device of a night said it is, when it was reached.
CREATE TABLE night_identities (
    night_id UUID NOT NULL,
    device_name VARCHAR NOT NULL,
    device_id VARCHAR NOT NULL,
    PRIMARY KEY (night_id, device_name)
);

CREATE TABLE expected_jobs (
    night_id UUID NOT NULL,
    number INTEGER NOT NULL,     -- from 0; on each device, the order in which to measure
    device_name VARCHAR NOT NULL,
    workload_id VARCHAR NOT NULL,
    workload_key VARCHAR,        -- NULL: the artifact, of which its inputs may come, was not there
    artifact_name VARCHAR NOT NULL,
    artifact_sha256 VARCHAR,     -- NULL: it was not there
    pass VARCHAR NOT NULL,
    repeat INTEGER NOT NULL,     -- from 0
    metric VARCHAR NOT NULL,     -- what the pass is run for
    next_due_by TIMESTAMP,       -- by when the next night on which this is due should have been begun; NULL: there is none
    kind VARCHAR NOT NULL,       -- plan, confirmation (fresh runs that farm track asked for)
    priority INTEGER,            -- 1 before 9; of confirmations NULL, as are the next three
    design VARCHAR,              -- tells the blocks that balance each other: those of the same jobs
    block INTEGER,               -- counted over all nights of the design
    position INTEGER,            -- within the block
    PRIMARY KEY (night_id, number)
);

-- What came of an expected job: the run that it rests on, or why there is none that is valid.
CREATE TABLE expected_answers (
    night_id UUID NOT NULL,
    number INTEGER NOT NULL,
    answered_at TIMESTAMP NOT NULL,
    run_id UUID,                 -- NULL: nothing was measured
    is_valid BOOLEAN NOT NULL,
    reason VARCHAR,              -- NULL: it is valid
    PRIMARY KEY (night_id, number)
);

CREATE VIEW expected_states AS
SELECT
    expected_jobs.*,
    expected_answers.run_id,
    expected_answers.reason,
    CASE
        WHEN expected_answers.number IS NULL THEN 'to come'
        WHEN expected_answers.is_valid THEN 'done'
        ELSE 'accounted for'
    END AS state
FROM expected_jobs
LEFT JOIN expected_answers ON expected_answers.night_id = expected_jobs.night_id AND expected_answers.number = expected_jobs.number;

-- What a night did and noticed, in its order: a phase that came to its end or failed, and what was odd (the clock, an edited suite).
CREATE TABLE night_events (
    night_id UUID NOT NULL,
    noted_at TIMESTAMP NOT NULL,
    phase VARCHAR NOT NULL,      -- open, health, canary, measure, track, report, notify, close; clock, suite, device
    is_done BOOLEAN NOT NULL,
    words VARCHAR NOT NULL,
    boot VARCHAR NOT NULL,       -- of the machine: '' where it does not say
    uptime_s DOUBLE NOT NULL     -- since then, by a clock that nobody sets
);

CREATE INDEX night_events_by_night ON night_events (night_id);

CREATE TABLE night_ends (
    night_id UUID PRIMARY KEY,
    closed_at TIMESTAMP NOT NULL,
    exit_code INTEGER NOT NULL,
    verdict VARCHAR NOT NULL
);

-- Somebody said that the clock is right: what was stored as of times from then on, up to the newest one, was stored by a wrong clock.
CREATE TABLE clock_trusts (
    said_at TIMESTAMP NOT NULL,
    stored_at TIMESTAMP NOT NULL
);
