-- What a device does now, in the place of what it did before.
INSERT OR REPLACE INTO rack_now (
    device_name,
    device_id,
    noted_at,
    state,
    state_at,
    process,
    pid,
    command,
    priority,
    job,
    phase,
    jobs,
    jobs_ended,
    last_run
)
VALUES (
    $device_name,
    $device_id,
    $noted_at::TIMESTAMP,
    $state,
    $state_at::TIMESTAMP,
    $process,
    $pid,
    $command,
    $priority,
    $job,
    $phase,
    $jobs,
    $jobs_ended,
    $last_run
);
