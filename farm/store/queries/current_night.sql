-- The night that a branch is in: that of its nightly, or what follows its last one where none was opened since. NULL: it never had one.
SELECT
    arg_max(
        label + CASE WHEN $as_of::TIMESTAMP < ends_at THEN 0 ELSE greatest(1, CAST(floor(epoch($as_of::TIMESTAMP - begins_at) / 86400) AS INTEGER)) END,
        begins_at
    ) AS night
FROM nights
WHERE branch = $branch AND begins_at <= $as_of::TIMESTAMP;
