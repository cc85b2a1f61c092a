-- The newest gate of each suite: what it ended with, and when.
SELECT suite, arg_max(exit_code, judged_at) AS exit_code, epoch(max(judged_at)) AS judged_at_s FROM gates GROUP BY suite ORDER BY suite;
