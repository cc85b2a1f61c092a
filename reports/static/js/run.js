// What a number rests on: the runs of a series as dots, and one run with every reading of it that the page holds.
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
      run.day,
      run.side ?? null,
      flag(run),
      value(run) === null ? { absent: run.reason ?? "not measured" } : { num: amount(value(run), series.unit), sort: value(run) },
      named(shortly(run.revision)),
      el("bdi", {}, run.reason ?? ""),
      DATA.opened[run.id] ? "every reading" : "summary",
    ]);
  const heads = ["began", "night", "side", "outcome", "#value", "revision", "why", "in this page"];
  const hasSide = own.some((run) => run.side);
  const cut = (row) => (hasSide ? row : row.filter((_, place) => place !== 2));
  return [
    el(
      "p",
      { class: "hint" },
      "A dot is a run, the bar the range and the tick the median of the valid ones; runs without a valid number are hollow, in their own row, and never averaged in. The axis begins at the least valid run, not at zero.",
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
    const least = Math.min(...values),
      most = Math.max(...values),
      told = values.length
        ? `, median ${amount(middle(values), series.unit)}, ${amount(least, series.unit)} to ${amount(most, series.unit)}`
        : "";
    return el(
      "div",
      { class: "strip" },
      el("span", { class: "what" }, name),
      svg(
        "svg",
        { height: 30, role: "img", "aria-label": `${name}: ${counted(valid.length, "valid run")}${told}; ${apart.length} set apart` },
        values.length
          ? svg("rect", { class: "span", x: x(least), y: 6, width: `${Math.max(0.3, share(most) - share(least)).toFixed(2)}%`, height: 8 })
          : null,
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

function runView(run) {
  const opened = DATA.opened[run.id];
  const facts = [
    ["device", run.device],
    ["workload", run.workload],
    ["pass", `${run.pass}, repeat ${run.repeat + 1}, attempt ${run.attempt}`],
    ["began", `${run.at} UTC`],
    ["revision", run.revision ?? "not given"],
    ...DATA.facts[run.facts],
    ["output", run.check ?? "none"],
  ];
  return [
    el("h1", {}, "Run ", el("code", {}, run.id)),
    el(
      "p",
      { class: "facts" },
      flag(run),
      run.reason ? el("bdi", {}, run.reason) : null,
      run.hint ? el("bdi", {}, `hint: ${run.hint}`) : null,
    ),
    el(
      "dl",
      {},
      facts.map(([name, text]) => [el("dt", {}, name), el("dd", {}, text === null ? absent("not known") : el("bdi", {}, text))]),
    ),
    el("h2", {}, "Everything that farm knows of it, and how to measure it again"),
    copyable(`farm show ${run.id}`),
    copyable(DATA.commands[run.command]),
    valuesView(run),
    opened
      ? readingsView(opened)
      : el(
          "section",
          {},
          el("h2", {}, "Readings"),
          el("p", {}, "Its readings are not in this page; this command prints them:"),
          copyable(`farm show ${run.id} --samples`),
        ),
  ];
}

function valuesView(run) {
  const rows = Object.entries(run.values).map(([metric, [p50, p90, p99]]) => [
    metric,
    ...[p50, p90, p99].map((value) => (value === null ? { absent: "not finite" } : { num: amount(value, unitOf(metric)), sort: value })),
  ]);
  return el(
    "section",
    {},
    el("h2", {}, "What it came to"),
    rows.length
      ? table("Summary of the run", ["metric", "#p50", "#p90", "#p99"], rows)
      : el("p", {}, absent(run.reason ?? "it gave no reading")),
  );
}

const TOGETHER = ["c", "hz", "uw", "ua", "uv"];

function readingsView(opened) {
  const long = opened.readings.filter((item) => item.values),
    timed = long.filter((item) => item.at_s && TOGETHER.includes(unitOf(item.metric)));
  const alone = long.filter((item) => !timed.includes(item));
  const phases = opened.readings.filter((item) => item.one !== undefined && item.source && unitOf(item.metric) === "bytes");
  return [
    alone.map((item) =>
      el(
        "section",
        {},
        el(
          "h2",
          {},
          item.label,
          item.source ? ` (${item.source})` : "",
          el("small", {}, ` ${item.at_s ? "over time" : item.metric === "token_ns" ? "token by token" : "reading by reading"}`),
        ),
        oneSeries(item),
      ),
    ),
    timed.length
      ? el(
          "section",
          {},
          el("h2", {}, "Temperature, frequency and power over time"),
          el(
            "p",
            { class: "hint" },
            "One axis of time for all, in seconds since the harness began; each quantity has its own scale, which does not begin at zero.",
          ),
          Object.entries(Object.groupBy(timed, (item) => unitOf(item.metric))).map(([suffix, items]) => together(suffix, items)),
        )
      : null,
    phases.length ? memoryPhases(phases) : null,
    stateView(opened),
  ];
}

function oneSeries(item) {
  const values = Array.from(unpack(item.values)),
    suffix = unitOf(item.metric);
  const x = item.at_s ? Array.from(unpack(item.at_s)) : item.places ? Array.from(unpack(item.places)) : values.map((_, i) => i);
  const note = el("p", { class: "hint axis-note" }),
    low = Math.min(...values),
    high = Math.max(...values);
  const holder = el("div", {
    class: "plot middling",
    role: "img",
    "aria-label": `${item.label}: ${item.count} readings from ${amount(low, suffix)} to ${amount(high, suffix)}`,
  });
  requestAnimationFrame(() =>
    plot(
      holder,
      {
        height: 220,
        scales: {
          x: { time: false },
          y: {
            range: fitted(
              () => false,
              (range) => axisNote(note, range, { unit: suffix }),
            ),
          },
        },
        axes: [axis(), valueAxis(suffix)],
        series: [{}, { stroke: () => ink("mark"), width: 1, points: { show: x.length < 200, size: 4 } }],
        cursor: { drag: { x: true, y: false } },
      },
      [x, values],
    ),
  );
  const kept = item.places ? ` Of ${item.count} readings the least and greatest of each stretch are drawn, ${values.length} in all.` : "";
  return [
    el(
      "p",
      { class: "summary" },
      `${counted(item.count, "reading")}: median ${amount(middle(values), suffix)}, from ${amount(low, suffix)} to ${amount(high, suffix)}.${kept}`,
    ),
    holder,
    note,
    readingTable(item, x, values, suffix),
  ];
}

function readingTable(item, x, values, suffix) {
  return disclosed("The same as a table", `Readings of ${item.metric}`, [item.at_s ? "#second" : "#number", "#value"], () =>
    values.map((value, i) => [
      { num: item.at_s ? x[i].toFixed(2) : String(x[i] + 1), sort: x[i] },
      { num: amount(value, suffix, 5), sort: value },
    ]),
  );
}

const STROKES = ["mark", "worse", "better", "faint"];

function together(suffix, items) {
  const read = items.map((item) => [Array.from(unpack(item.at_s)), Array.from(unpack(item.values))]);
  const every = read.flatMap(([, values]) => values),
    name = (item) => `${item.metric} (${item.source})`;
  const text = items.map((item, i) => `${name(item)} ${amount(read[i][1][0], suffix)} → ${amount(read[i][1].at(-1), suffix)}`).join("; ");
  const holder = el("div", { class: "plot small", role: "img", "aria-label": text });
  requestAnimationFrame(() =>
    plot(
      holder,
      {
        height: 170,
        cursor: { sync: { key: "run" }, drag: { x: true, y: false } },
        scales: {
          x: { time: false },
          y: {
            range: fitted(
              () => false,
              () => {},
            ),
          },
        },
        axes: [axis({ values: (_, splits) => splits.map((value) => `${value} s`) }), valueAxis(suffix)],
        series: [{}, ...items.map((_, i) => ({ stroke: () => ink(STROKES[i % 4]), width: 1.5, dash: i > 3 ? [5, 4] : [] }))],
      },
      uPlot.join(read),
    ),
  );
  const least = Math.min(...every);
  return el(
    "figure",
    {},
    el(
      "figcaption",
      {},
      items.map((item, i) => el("span", { class: `k line-${i % 4}` }, name(item))),
      ` ${text}. The axis begins near ${amount(least, suffix)}.`,
    ),
    holder,
    disclosed("The same as a table", text, ["what", "#second", "#value"], () =>
      items.flatMap((item, i) =>
        read[i][0].map((at, place) => [
          name(item),
          { num: at.toFixed(2), sort: at },
          { num: amount(read[i][1][place], suffix, 5), sort: read[i][1][place] },
        ]),
      ),
    ),
  );
}

function memoryPhases(items) {
  const order = ["start", "loaded", "ran"];
  const most = Math.max(...items.map((item) => item.one));
  const rows = items
    .toSorted((a, b) => a.metric.localeCompare(b.metric) || order.indexOf(a.source) - order.indexOf(b.source))
    .map((item) => [
      item.label,
      item.source,
      { num: amount(item.one, "bytes"), sort: item.one },
      svg(
        "svg",
        {
          class: "ibar",
          viewBox: "0 0 160 14",
          width: 160,
          height: 14,
          role: "img",
          "aria-label": `${amount(item.one, "bytes")} of at most ${amount(most, "bytes")}`,
        },
        svg("rect", { class: "span", x: 0, y: 3, height: 8, width: (160 * item.one) / most }),
      ),
    ]);
  return el(
    "section",
    {},
    el("h2", {}, "Memory by phase"),
    el("p", { class: "hint" }, "Bars begin at zero and have one scale."),
    table("Memory by phase", ["metric", "after phase", "#value", "of the greatest"], rows),
  );
}

function stateView(opened) {
  const rows = opened.state.map(([phase, name, source, value, text, reason]) => [
    name,
    phase,
    source ?? { absent: "not named" },
    reason !== null ? { absent: reason } : value !== null ? { num: amount(value, unitOf(name)), sort: value } : el("bdi", {}, text),
  ]);
  const gaps = opened.absent.map(([metric, reason]) => [metric, { absent: reason }]);
  return [
    rows.length
      ? el("section", {}, el("h2", {}, "The device around it"), table("State of the device", ["what", "when", "source", "#value"], rows))
      : null,
    gaps.length ? el("section", {}, el("h2", {}, "Not measured"), table("What could not be measured", ["metric", "why"], gaps)) : null,
  ];
}
