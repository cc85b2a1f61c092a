-- Version 4. What quality passes asked, and what was answered.

CREATE TABLE item_files (
    sha256 VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL,       -- of the file it was first seen as; its identity is the hash
    kind VARCHAR NOT NULL,       -- classify, tokens
    items BIGINT NOT NULL,
    recipe JSON,                 -- NULL: it came without one
    first_seen_at TIMESTAMP NOT NULL
);

-- One row for each quality run: what it answered to every item, in the file's order.
CREATE TABLE answers (
    run_id UUID NOT NULL,
    items_sha256 VARCHAR NOT NULL,
    metric VARCHAR NOT NULL,     -- accuracy_ratio, perplexity
    values DOUBLE[] NOT NULL,    -- accuracy_ratio: 1 right, 0 wrong; perplexity: summed log-probability of the item's targets
    tokens BIGINT[],             -- perplexity: number of targets; NULL for accuracy_ratio
    predicted BIGINT[],          -- accuracy_ratio: place of the greatest output; NULL for perplexity
    output_sha256 VARCHAR NOT NULL -- of the raw output of all items: the same bits, the same hash
);

CREATE INDEX answers_by_run ON answers (run_id);

-- One row for each item of each quality run. item counts from 0 in the file's order.
CREATE VIEW item_answers AS
SELECT
    run_id,
    items_sha256,
    metric,
    unnest(range(len(values))) AS item,
    unnest(values) AS value,
    unnest(tokens) AS tokens,
    unnest(predicted) AS predicted
FROM answers;
