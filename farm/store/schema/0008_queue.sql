-- Version 8. Who wants a device, who holds it back, and what it does. Added to and never changed, but for rack_now.

-- One process's wish for one device.
CREATE TABLE queue_requests (
    id UUID PRIMARY KEY,
    asked_at TIMESTAMP NOT NULL,   -- its place among equals, for as long as it lasts
    place VARCHAR NOT NULL,        -- where the device hangs: kind, server, serial number
    device_name VARCHAR NOT NULL,
    priority INTEGER NOT NULL,     -- 3 ad hoc, 2 gate, 1 nightly
    process VARCHAR NOT NULL,      -- the file that it keeps locked in the data folder: unlocked, it is gone
    pid BIGINT NOT NULL,
    user_name VARCHAR NOT NULL,
    host VARCHAR NOT NULL,
    command VARCHAR NOT NULL,      -- without what looks like a secret
    purpose VARCHAR NOT NULL
);

-- Where a request was at a time. The row with the greatest number is what holds.
CREATE TABLE queue_standings (
    request_id UUID NOT NULL,
    number INTEGER NOT NULL,       -- from 1: a clock may jump
    standing_at TIMESTAMP NOT NULL,
    standing VARCHAR NOT NULL,     -- waiting, measuring, ended, cancelled, lost
    device_id VARCHAR,             -- NULL: the device was not asked yet who it is
    waited_s DOUBLE NOT NULL,      -- measuring: how long it had waited in one go, else 0
    displaced INTEGER NOT NULL,    -- how often it has let another go first
    reason VARCHAR                 -- whom it lets go first, why it ended
);

CREATE INDEX queue_standings_by_request ON queue_standings (request_id);

-- A request that a person wants to end; its process does so when it sees this.
CREATE TABLE queue_cancellations (
    request_id UUID NOT NULL,
    cancelled_at TIMESTAMP NOT NULL,
    cancelled_by VARCHAR NOT NULL
);

-- A person's hold on a device, and its end. The row of a name and place with the greatest number is what holds.
CREATE TABLE device_holds (
    device_name VARCHAR NOT NULL,
    number INTEGER NOT NULL,       -- from 1: a clock may jump
    place VARCHAR NOT NULL,        -- as in queue_requests: a device may be called something else later
    said_at TIMESTAMP NOT NULL,
    is_held BOOLEAN NOT NULL,
    said_by VARCHAR NOT NULL,
    reason VARCHAR                 -- NULL where it ends
);

-- What a device was doing, by the sessions on it: a new row whenever that is something else.
CREATE TABLE rack_states (
    device_name VARCHAR NOT NULL,
    device_id VARCHAR,
    since_at TIMESTAMP NOT NULL,
    state VARCHAR NOT NULL,        -- idle, leased, cooling, charging
    process VARCHAR NOT NULL,
    reason VARCHAR                 -- what it is waited for
);

-- What a device does now: one row for each, replaced as it changes. What is not here any more, nothing depends on.
CREATE TABLE rack_now (
    device_name VARCHAR PRIMARY KEY,
    device_id VARCHAR,
    noted_at TIMESTAMP NOT NULL,
    state VARCHAR NOT NULL,
    state_at TIMESTAMP NOT NULL,
    process VARCHAR NOT NULL,
    pid BIGINT NOT NULL,
    command VARCHAR NOT NULL,
    priority INTEGER NOT NULL,
    job VARCHAR,                   -- NULL: none is under way
    phase VARCHAR,
    jobs INTEGER NOT NULL,
    jobs_ended INTEGER NOT NULL,
    last_run VARCHAR               -- what the newest run came to
);
