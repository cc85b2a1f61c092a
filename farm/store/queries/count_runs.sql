-- How many runs there are.
SELECT count(*) AS runs FROM runs;
