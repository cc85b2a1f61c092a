-- The branches that runs are of.
SELECT DISTINCT branch FROM sessions WHERE branch IS NOT NULL ORDER BY branch;
