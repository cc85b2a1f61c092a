-- Devices that a person holds back now.
SELECT device_name AS device, said_at, said_by, reason
FROM device_holds
QUALIFY row_number() OVER (PARTITION BY device_name ORDER BY said_at DESC, is_held) = 1 AND is_held
ORDER BY device;
