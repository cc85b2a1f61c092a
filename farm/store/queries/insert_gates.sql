-- A gate that was judged.
INSERT INTO gates (
    id,
    judged_at,
    today,
    suite,
    suite_file,
    candidate,
    baseline,
    seed,
    plan,
    time_budget_s,
    exit_code,
    farm_version,
    command
)
VALUES (
    $id::UUID,
    $judged_at::TIMESTAMP,
    $today::DATE,
    $suite,
    $suite_file,
    $candidate,
    $baseline,
    $seed,
    $plan::JSON,
    $time_budget_s,
    $exit_code,
    $farm_version,
    $command
);
