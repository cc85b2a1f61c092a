-- The devices of one gate.
SELECT name, failure, blocks FROM gate_devices WHERE gate_id = $gate::UUID ORDER BY name;
