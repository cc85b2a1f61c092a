-- A device of a gate.
INSERT INTO gate_devices (
    gate_id,
    name,
    failure,
    blocks
)
VALUES (
    $gate_id::UUID,
    $name,
    $failure,
    $blocks
);
