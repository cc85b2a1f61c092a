// What a verdict rests on: both sides' runs, device by device.
function viewOfBudget(id) {
  const budget = (DATA.budgets ?? []).find((one) => one.id === id);
  if (!budget) return { content: [el("h1", {}, "Not in this page"), el("p", {}, "This gate has no budget of that number.")] };
  const facts = budget.facts ?? [
    ["measured", budget.measured],
    ["allowed", budget.allowed],
    ["could have seen", budget.seen],
    ["why", budget.reason],
    ["method", budget.method],
  ];
  const devices = [...new Set(budget.runs.map(([, device]) => device))];
  return {
    content: [
      el(
        "h1",
        {},
        budget.verdict ? [el("span", { class: `tag ${budget.verdict.toLowerCase()}` }, budget.verdict), " "] : null,
        named(budget.title),
      ),
      el(
        "dl",
        {},
        facts.map(([name, text]) => [el("dt", {}, name), el("dd", {}, text === "–" ? absent("too few runs") : el("bdi", {}, text))]),
      ),
      budget.notes.length
        ? el(
            "ul",
            {},
            budget.notes.map((note) => el("li", {}, el("bdi", {}, note))),
          )
        : null,
      el(
        "p",
        { class: "hint" },
        "Below: a dot is a run, the tick the median of those that count and the bar that median's interval; what does not count is hollow and in its own row. Each axis begins at the least run that counts, not at zero.",
      ),
      devices.map((device) => budgetRuns(budget, device)),
      (budget.commands ?? []).map(([what, command]) => [el("h2", {}, what), copyable(command)]),
    ],
  };
}

function budgetRuns(budget, device) {
  const own = budget.runs
    .filter((row) => row[1] === device)
    .map(([id, , side, block, position, value, why]) => ({
      ...(RUNS.get(id) ?? { id, at: "", outcome: "ok", reason: null }),
      side,
      block,
      position,
      value,
      why,
      apart: why !== null,
    }));
  const rows = own.map((run) => [
    el("a", { href: `#run=${run.id}` }, run.id.slice(-12)),
    run.value === null ? { absent: run.why ?? "not measured" } : { num: amount(run.value, budget.unit), sort: run.value },
    run.side,
    run.why === null ? "counts" : el("bdi", {}, `left out: ${run.why}`),
    run.block === null
      ? { absent: "order unknown" }
      : { num: `${run.block + 1}.${run.position + 1}`, sort: run.block * 10 + run.position },
    DATA.opened[run.id] ? "every reading" : RUNS.has(run.id) ? "summary" : "its value",
  ]);
  const heads = ["run", "#value", "side", "counts", "#block.place", "in this page"],
    isPlaced = own.some((run) => run.block !== null);
  const cut = (row) => (isPlaced ? row : row.filter((_, place) => place !== 4));
  return el(
    "section",
    {},
    el("h2", {}, "On ", named(device)),
    SERIES.has(budget.series?.[device]) ? el("p", {}, el("a", { href: `#series=${budget.series[device]}` }, "its history")) : null,
    dots(
      budget,
      own,
      (run) => run.value,
      (run) => !run.apart,
    ),
    table(`Runs of ${budget.title} on ${device}`, cut(heads), rows.map(cut)),
  );
}
