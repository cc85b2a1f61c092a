// The runs that a number rests on, each as a dot and as a line of a table.
function runsView(series) {
  const into = el("section", {}, el("h2", {}, "Runs"));
  requestAnimationFrame(() =>
    requestAnimationFrame(() => setTimeout(() => into.append(...runsContent(series).flat(Infinity).filter(Boolean)))),
  ); // after the history is painted
  return into;
}

function runsContent(series) {
  const own = runsOf(series);
  if (own.length === 0) return [el("p", {}, "This page holds none of its runs."), everyRunThere(series)];
  const value = (run) => run.values[series.metric]?.[0] ?? null;
  const rows = own
    .toReversed()
    .map((run) => [
      el("a", { href: `#run=${run.id}`, class: "at" }, run.at),
      value(run) === null ? { absent: run.reason ?? "not measured" } : { num: amount(value(run), series.unit), sort: value(run) },
      flag(run),
      run.day,
      run.side ?? null,
      named(shortly(run.revision)),
      el("bdi", {}, run.reason ?? ""),
      DATA.opened[run.id] ? "every reading" : "summary",
    ]);
  const heads = ["began", "#value", "outcome", "night", "side", "revision", "why", "in this page"];
  const isEmpty = { 4: !own.some((run) => run.side), 6: !own.some((run) => run.reason) };
  const cut = (row) => row.filter((_, place) => !isEmpty[place]);
  return [
    el(
      "p",
      { class: "hint" },
      "A dot is a run, the tick the median of the valid ones and the bar that median's interval, where there are two at least; runs without a valid number are hollow, in their own row, and never averaged in. The axis begins at the least valid run, not at zero.",
    ),
    dots(series, own, value),
    table(`Runs of ${series.workload} ${series.label}`, cut(heads), rows.map(cut)),
    everyRunThere(series),
  ];
}

const everyRunThere = (series) =>
  series.page
    ? el("p", {}, el("a", { href: series.page }, "every run of it"))
    : DATA.history
      ? null
      : [el("p", {}, "Every run there is:"), copyable(series.command)];

const flag = (run) =>
  el(
    "span",
    { class: `tag ${run.outcome === "ok" ? "ok" : "apart"}` },
    run.outcome === "ok" ? `valid${run.check === "unchecked" ? ", unchecked" : ""}` : run.outcome.replaceAll("_", " "),
  );

function dots(series, own, value, counts = (run) => run.outcome === "ok") {
  const known = own.filter((run) => value(run) !== null);
  if (known.length === 0) return el("p", {}, absent("none of these runs has a value"));
  const fitting = known.some(counts) ? known.filter(counts) : known;
  const low = Math.min(...fitting.map(value)),
    high = Math.max(...fitting.map(value)),
    span = high - low || 1,
    beyond = known.filter((run) => value(run) < low || value(run) > high).length;
  const groups = Map.groupBy(known, (run) => run.side ?? run.day);
  const share = (number) => 1.5 + ((number - low) / span) * 97,
    x = (number) => `${share(number).toFixed(2)}%`;
  const rows = [...groups].slice(-14).map(([name, runs]) => {
    const valid = runs.filter(counts),
      apart = runs.filter((run) => !counts(run)),
      values = valid.map(value);
    const found = intervalOf(values),
      told = values.length
        ? `, median ${amount(middle(values), series.unit)}, ${found ? between(found.low, found.high, found.coverage, series.unit) : "no interval"}`
        : "";
    return el(
      "div",
      { class: "strip" },
      el("span", { class: "what" }, name),
      svg(
        "svg",
        { height: 30, role: "img", "aria-label": `${name}: ${counted(valid.length, "valid run")}${told}; ${apart.length} set apart` },
        found &&
          svg("rect", {
            class: "span",
            x: x(found.low),
            y: 6,
            width: `${Math.max(0.3, share(found.high) - share(found.low)).toFixed(2)}%`,
            height: 8,
          }),
        valid.map((run) =>
          svg(
            "circle",
            { class: "dot", cx: x(value(run)), cy: 10, r: 4 },
            svg("title", {}, `${run.at}: ${amount(value(run), series.unit)}`),
          ),
        ),
        apart.map((run) => {
          const text = `${run.at}: ${amount(value(run), series.unit)}, ${run.outcome}: ${run.why ?? run.reason ?? ""}`;
          const title = svg("title", {}, text);
          if (value(run) > high) return svg("text", { class: "beyond", x: "100%", y: 28, "text-anchor": "end" }, title, "▷");
          if (value(run) < low) return svg("text", { class: "beyond", x: 0, y: 28 }, title, "◁");
          return svg("rect", { class: "apart", x: x(value(run)), y: 20, width: 7, height: 7 }, title);
        }),
        values.length ? svg("line", { class: "tick", x1: x(middle(values)), x2: x(middle(values)), y1: 1, y2: 19 }) : null,
      ),
    );
  });
  return el(
    "div",
    { class: "strips" },
    rows,
    el(
      "div",
      { class: "strip ends" },
      el("span", { class: "what" }),
      el("span", { class: "range" }, el("span", {}, amount(low, series.unit)), el("span", {}, amount(high, series.unit))),
    ),
    beyond
      ? el("p", { class: "key" }, `${counted(beyond, "run")} set apart ${beyond === 1 ? "lies" : "lie"} beyond this axis: ◁ below, ▷ above it.`)
      : null,
  );
}
