// One run with every reading of it that the page holds.
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
      el(
        "span",
        { class: "keys" },
        items.map((item, i) => el("span", { class: `k line-${i % 4}` }, name(item))),
      ),
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
  const isNamed = opened.state.some(([, , source]) => source !== null && source !== "");
  const rows = opened.state.map(([phase, name, source, value, text, reason]) => [
    name,
    reason !== null
      ? { absent: reason }
      : value !== null
        ? { num: stateText(name, value), sort: value }
        : { num: el("bdi", {}, text), sort: text },
    phase,
    ...(isNamed ? [source || { absent: "not named" }] : []),
  ]);
  const gaps = opened.absent.map(([metric, reason]) => [metric, { absent: reason }]);
  return [
    rows.length
      ? el("section", {}, el("h2", {}, "The device around it"), table("State of the device", ["what", "#value", "when", ...(isNamed ? ["source"] : [])], rows))
      : null,
    gaps.length ? el("section", {}, el("h2", {}, "Not measured"), table("What could not be measured", ["metric", "why"], gaps)) : null,
  ];
}

// What a device says of itself in units that no measured metric has.
function stateText(name, value) {
  if (name.endsWith("_percent")) return `${value} %`;
  if (name === "uptime_s") return value < 172800 ? `${(value / 3600).toFixed(1)} h` : `${(value / 86400).toFixed(1)} days`;
  return amount(value, unitOf(name));
}
