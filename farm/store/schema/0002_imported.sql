-- Version 2. Numbers from others' files. They are not runs of farm's: no view, query or verdict on runs ever reads them.

CREATE TABLE imported_files (
    sha256 VARCHAR PRIMARY KEY,  -- of the file's bytes: the same file goes in once
    name VARCHAR NOT NULL,       -- as it was given then
    size_bytes BIGINT NOT NULL,
    format VARCHAR NOT NULL,     -- recognised by content
    imported_at TIMESTAMP NOT NULL,
    farm_version VARCHAR NOT NULL
);

-- One row for each statistic of each metric of each thing measured. NULL, everywhere: the source does not say.
CREATE TABLE imported_numbers (
    file_sha256 VARCHAR NOT NULL,
    place INTEGER NOT NULL,      -- from 0, in the file's order
    label VARCHAR NOT NULL,      -- what was measured, in the source's words
    device VARCHAR,              -- in the source's words; not an id of devices
    os VARCHAR,
    metric VARCHAR NOT NULL,     -- farm's name where it means the same, else a name of its own; ends in its unit
    unit VARCHAR,                -- the base unit that values are in; NULL: not said
    statistic VARCHAR NOT NULL,  -- what each value is: reading, mean, p50, minimum, ..., as_reported
    values DOUBLE[] NOT NULL,
    position VARCHAR,            -- what positions are: time, run
    positions VARCHAR[],         -- of each value, as written
    readings BIGINT,             -- behind each value
    valid BOOLEAN,               -- the source's own word on the measurement
    measured_at TIMESTAMP,
    source_metric VARCHAR NOT NULL,
    labels JSON NOT NULL         -- what else the source says
);

CREATE INDEX imported_numbers_by_file ON imported_numbers (file_sha256);

-- A number that a file has a place for and does not have.
CREATE TABLE imported_gaps (
    file_sha256 VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    device VARCHAR,
    source_metric VARCHAR NOT NULL,
    reason VARCHAR NOT NULL
);
