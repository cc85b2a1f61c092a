-- What a night did or noticed.
INSERT INTO night_events (
    night_id,
    noted_at,
    phase,
    is_done,
    words,
    boot,
    uptime_s
)
VALUES (
    $night_id::UUID,
    $noted_at::TIMESTAMP,
    $phase,
    $is_done,
    $words,
    $boot,
    $uptime_s
);
