-- What a device does now, in the place of what it did before; that one process has left it says nothing of another that has it.
INSERT INTO rack_now (
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
)
ON CONFLICT (device_name) DO UPDATE SET
    device_id = excluded.device_id,
    noted_at = excluded.noted_at,
    state = excluded.state,
    state_at = excluded.state_at,
    process = excluded.process,
    pid = excluded.pid,
    command = excluded.command,
    priority = excluded.priority,
    job = excluded.job,
    phase = excluded.phase,
    jobs = excluded.jobs,
    jobs_ended = excluded.jobs_ended,
    last_run = excluded.last_run
WHERE rack_now.process = excluded.process OR excluded.state <> 'idle';
