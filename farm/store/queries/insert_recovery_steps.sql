-- One rung of a ladder.
INSERT INTO recovery_steps (
    look_id,
    number,
    rung,
    tried,
    sentence,
    seconds,
    output
)
VALUES (
    $look_id::UUID,
    $number,
    $rung,
    $tried,
    $sentence,
    $seconds,
    $output
);
