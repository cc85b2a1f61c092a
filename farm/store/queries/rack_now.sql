-- What every device that was ever measured on does now, by its name.
SELECT device_name AS device, device_id, noted_at, state, state_at, process, pid, command, priority, job, phase, jobs, jobs_ended, last_run
FROM rack_now
ORDER BY device;
