-- The summaries of the operators' times that do not stay.
INSERT INTO target.pruned_operators
SELECT run_id, place, iterations, p50_ns, p90_ns, own_p50_ns, usual_sum_ns, usual_own_sum_ns, is_whole_us, $pruned_at::TIMESTAMP
FROM source.operator_statistics
WHERE run_id IN (SELECT run_id FROM temp.chosen)
  AND run_id IN (SELECT run_id FROM source.operators WHERE len(times_ns) > $few);
