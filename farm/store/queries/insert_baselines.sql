-- A baseline, or that there is none of that name any more.
INSERT INTO baselines (
    id,
    name,
    set_at,
    is_removed,
    revision,
    command
)
VALUES (
    $id::UUID,
    $name,
    $set_at::TIMESTAMP,
    $is_removed,
    $revision,
    $command
);
