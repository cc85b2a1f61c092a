-- Every gate that was judged, the newest first, with its verdicts counted.
SELECT
    gates.id::VARCHAR AS gate_id,
    gates.judged_at,
    gates.suite,
    gates.candidate,
    gates.baseline,
    gates.exit_code,
    count(verdicts.number) AS budgets,
    count(*) FILTER (verdicts.decision = 'fail') AS failed,
    count(*) FILTER (verdicts.decision = 'inconclusive') AS undecided
FROM gates
LEFT JOIN verdicts ON verdicts.gate_id = gates.id
GROUP BY ALL
ORDER BY gates.judged_at DESC, gate_id DESC;
