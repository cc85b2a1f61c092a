-- Devices that a person holds back now.
SELECT device_name AS device, place, said_at, said_by, reason
FROM device_holds
QUALIFY row_number() OVER (PARTITION BY device_name, place ORDER BY number DESC) = 1 AND is_held
ORDER BY device, place;
