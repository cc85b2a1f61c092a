-- One gate. id is the beginning or the end of its identity; NULL: the newest.
SELECT gates.* EXCLUDE (id), gates.id::VARCHAR AS gate_id
FROM gates
WHERE $id IS NULL OR starts_with(gates.id::VARCHAR, $id) OR ends_with(gates.id::VARCHAR, $id)
ORDER BY gates.id DESC
LIMIT 2;
