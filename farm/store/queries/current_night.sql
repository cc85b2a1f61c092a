-- The night that a branch is in: that of a nightly that was opened for this time. NULL: there is none.
SELECT max(label) AS night
FROM nights
WHERE branch = $branch AND begins_at <= $as_of::TIMESTAMP AND $as_of::TIMESTAMP < ends_at;
