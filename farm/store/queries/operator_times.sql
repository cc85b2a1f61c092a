-- The times of one run's operators, and of what they lie in, in each iteration.
SELECT place, name, times_ns FROM operators WHERE run_id = $run_id::UUID AND times_ns IS NOT NULL ORDER BY place;
