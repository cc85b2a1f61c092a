-- One check of a look.
INSERT INTO health_checks (
    look_id,
    number,
    name,
    ok,
    reading,
    limit_text,
    sentence
)
VALUES (
    $look_id::UUID,
    $number,
    $name,
    $ok,
    $reading,
    $limit_text,
    $sentence
);
