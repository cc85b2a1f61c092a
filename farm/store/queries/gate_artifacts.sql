-- The artifacts of one gate.
SELECT workload_id AS workload, side, sha256 FROM gate_artifacts WHERE gate_id = $gate::UUID ORDER BY workload_id, side, sha256;
