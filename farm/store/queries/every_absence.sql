-- What every run that the database holds was asked for and could not measure: for a few runs in memory.
SELECT run_id::VARCHAR AS run, metric, reason FROM absences WHERE source = '';
