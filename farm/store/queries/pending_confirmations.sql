-- Requests for fresh runs that nothing has answered, oldest first; device (its id or its name) and branch: NULL for all.
SELECT confirmations.* EXCLUDE (id), confirmations.id::VARCHAR AS id
FROM confirmations
WHERE NOT EXISTS (SELECT 1 FROM confirmation_answers WHERE confirmation_id = confirmations.id)
  AND ($device IS NULL OR device_id = $device OR device_name = $device)
  AND ($branch IS NULL OR branch = $branch)
ORDER BY asked_at, confirmations.id;
