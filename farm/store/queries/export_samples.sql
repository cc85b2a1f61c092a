-- The raw readings of chosen runs; of a traced operator, its times as metric operator_ns, with its place and name as source.
SELECT run_id::VARCHAR AS run_id, metric, source, values
FROM samples
WHERE list_contains($run_ids::UUID[], run_id)
UNION ALL
SELECT run_id::VARCHAR, 'operator_ns', place || ' ' || name, CAST(times_ns AS DOUBLE[])
FROM operators
WHERE times_ns IS NOT NULL AND list_contains($run_ids::UUID[], run_id)
ORDER BY run_id, metric, source;
