-- Version 9. Whether devices can be trusted with work: each look at one, each check with its reading, what was tried with one that did
-- not answer, and how its health followed.

CREATE TABLE health_looks (
    id UUID PRIMARY KEY,
    looked_at TIMESTAMP NOT NULL,
    device_id VARCHAR,            -- NULL: a device of this name has never answered
    device_name VARCHAR NOT NULL, -- what devices.toml called it then
    kind VARCHAR NOT NULL,        -- checks, retired, restored: the last two are what a person said
    health_before VARCHAR NOT NULL,
    health VARCHAR NOT NULL,      -- good, suspect, quarantined, retired
    since TIMESTAMP NOT NULL,     -- when it became so
    reason VARCHAR NOT NULL,      -- '': it has always been good
    failed INTEGER NOT NULL,      -- looks that failed since it was good
    passed INTEGER NOT NULL,      -- looks in a row that passed
    os_build VARCHAR,             -- NULL: it did not answer
    soc VARCHAR,
    farm_version VARCHAR NOT NULL,
    command VARCHAR NOT NULL
);

CREATE TABLE health_checks (
    look_id UUID NOT NULL,
    number INTEGER NOT NULL,      -- from 1, as they were made
    name VARCHAR NOT NULL,        -- reachable, authorised, usable, storage, battery_level, ...
    ok BOOLEAN,                   -- NULL: not known, and no failure
    reading VARCHAR,              -- with its unit
    limit_text VARCHAR,           -- with its unit; NULL: there is none
    sentence VARCHAR NOT NULL,
    PRIMARY KEY (look_id, number)
);

-- The rungs of its ladder that were come to because it did not answer.
CREATE TABLE recovery_steps (
    look_id UUID NOT NULL,
    number INTEGER NOT NULL,      -- from 1, as they were tried
    rung VARCHAR NOT NULL,        -- reconnect, adb_server, reboot, power_cycle
    tried VARCHAR NOT NULL,       -- helped, no_use, failed, not_tried
    sentence VARCHAR NOT NULL,
    seconds DOUBLE NOT NULL,
    output VARCHAR NOT NULL,      -- the end of what the user's command said
    PRIMARY KEY (look_id, number)
);

-- Each change of a device's health, with its reason.
CREATE VIEW health_changes AS
SELECT id AS look_id, looked_at AS changed_at, device_id, device_name, kind, health_before, health, reason, command
FROM health_looks
WHERE health <> health_before;
