-- What somebody says of a finding.
INSERT INTO acknowledgements (
    finding_id,
    said_at,
    answer,
    until,
    owner,
    reason,
    revision
)
VALUES (
    $finding_id,
    $said_at::TIMESTAMP,
    $answer,
    $until::DATE,
    $owner,
    $reason,
    $revision
);
