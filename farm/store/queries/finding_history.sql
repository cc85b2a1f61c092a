-- Everything that was ever known of a finding, oldest first.
SELECT * FROM finding_states WHERE finding_id = $id ORDER BY seen_at;
