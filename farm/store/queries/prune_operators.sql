-- The parts of traced computations, from one database into another, without the times of those of the runs in the table chosen.
INSERT INTO target.operators
SELECT * REPLACE (
    CASE WHEN len(times_ns) > $few AND run_id IN (SELECT run_id FROM temp.chosen) THEN NULL ELSE times_ns END AS times_ns
)
FROM source.operators;
