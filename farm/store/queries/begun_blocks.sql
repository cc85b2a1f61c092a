-- How many blocks of each design a device has had, over the nights of a suite on a pool.
SELECT expected_jobs.device_name AS device, expected_jobs.design, max(expected_jobs.block) + 1 AS blocks
FROM expected_jobs
JOIN nights ON nights.id = expected_jobs.night_id
WHERE nights.suite = $suite AND nights.pool = $pool AND expected_jobs.design IS NOT NULL
GROUP BY device, expected_jobs.design;
