-- Version 6. What a device's own noise is, and whether the device is what it was. Runs of a calibration have their places in placements,
-- as those of a gate have, under the calibration's identity.

CREATE TABLE calibrations (
    id UUID PRIMARY KEY,
    measured_at TIMESTAMP NOT NULL,
    suite VARCHAR NOT NULL,      -- its name
    suite_file VARCHAR NOT NULL, -- as it was given
    seed BIGINT NOT NULL,        -- of the order of runs
    farm_version VARCHAR NOT NULL,
    command VARCHAR NOT NULL
);

-- How one number of one workload scatters on one device while nothing changes: both sides were the same artifact.
CREATE TABLE noises (
    calibration_id UUID NOT NULL,
    device_id VARCHAR NOT NULL,
    device_name VARCHAR NOT NULL,
    os_build VARCHAR NOT NULL,
    workload_id VARCHAR NOT NULL,
    workload_key VARCHAR NOT NULL,
    pass VARCHAR NOT NULL,
    artifact_sha256 VARCHAR NOT NULL,
    flavour VARCHAR NOT NULL,    -- runtime and flavour
    harness_hash VARCHAR NOT NULL,
    metric VARCHAR NOT NULL,
    statistic VARCHAR NOT NULL,
    deviation DOUBLE NOT NULL,   -- of one run, as a share: the spread that the test of a ratio sees
    runs INTEGER NOT NULL,       -- a side
    ratio DOUBLE NOT NULL,       -- of the two sides, which is 1 in truth
    ratio_low DOUBLE,            -- its 95 % interval
    ratio_high DOUBLE
);

-- Sessions of a fixed artifact. The first ones tell the band that later ones are held against.
CREATE TABLE canaries (
    session_id UUID PRIMARY KEY,
    measured_at TIMESTAMP NOT NULL,
    device_id VARCHAR NOT NULL,
    device_name VARCHAR NOT NULL,
    series_key VARCHAR,          -- NULL: no run came to a number
    os_build VARCHAR NOT NULL,
    harness_hash VARCHAR,
    runtime_version VARCHAR,
    farm_version VARCHAR NOT NULL,
    value_ns DOUBLE,             -- median over valid runs of their p50; NULL: too few valid runs
    runs INTEGER NOT NULL,       -- valid ones
    is_band BOOLEAN NOT NULL,    -- it tells the band, instead of being held against it
    begins_band BOOLEAN NOT NULL, -- the band is told by sessions from this one on
    band_low_ns DOUBLE,          -- that it was held against; NULL: it tells the band, or there was none
    band_high_ns DOUBLE,
    state VARCHAR NOT NULL,      -- band, within, suspect, unknown
    reason VARCHAR NOT NULL
);
