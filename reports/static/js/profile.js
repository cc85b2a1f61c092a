// Where the time of a workload goes, by the newest profile of it that the page holds; nothing where there is none.
const EXPLAINED = ["latency", "sustain", "power"];

function profileOf(series) {
  if (!EXPLAINED.includes(series.pass)) return null;
  const same = ["device", "workload", "runtime", "threads"];
  return (DATA.profiles ?? []).find((profile) => same.every((name) => profile[name] === series[name])) ?? null;
}

function profileView(series) {
  const profile = profileOf(series);
  if (profile === null) return null;
  return el(
    "section",
    { class: "profile" },
    el("h2", {}, "Where the time goes"),
    el("p", { class: "summary" }, profile.summary),
    el(
      "p",
      { class: "facts" },
      el("span", {}, `profiled ${profile.at} UTC`),
      el("span", {}, "revision ", named(shortly(profile.revision))),
      el("span", {}, counted(profile.operators, "operator")),
    ),
    profile.kinds.length ? [el("h3", {}, "By kind of operator"), kindsTable(profile, series), el("h3", {}, "One by one")] : null,
    table(
      `Heaviest operators of ${series.workload}`,
      ["operator", "computed by", "#instruction", "#calls", "#median", "#share", "of the whole"],
      profile.rows.map(operatorRow),
      { class: "sortable cards" },
    ),
    el(
      "ul",
      {},
      profile.lines.map((line) => el("li", {}, el("bdi", {}, line))),
    ),
    copyable(`farm show ${profile.run}`),
  );
}

function operatorRow(row) {
  const none = { absent: "no operator" };
  return [
    named(row.name),
    row.by === null ? none : el("bdi", {}, row.by),
    row.by === null ? none : row.instruction === null ? { absent: "not told" } : { num: String(row.instruction), sort: row.instruction },
    row.calls === null ? none : { num: row.calls, sort: Number(row.calls) },
    ...timesOf(row),
  ];
}

const timesOf = (row) => [
  { num: row.median, sort: row.median_ns },
  { num: row.share, sort: row.part },
  { num: shareBar(row), sort: row.part },
];

function shareBar(row) {
  return svg(
    "svg",
    { class: "ibar", viewBox: "0 0 160 14", width: 160, height: 14, role: "img", "aria-label": `${row.share} of the whole` },
    svg("rect", { class: "span", x: 0, y: 3, height: 8, width: row.bar }),
  );
}

function kindsTable(profile, series) {
  return table(
    `Kinds of operators of ${series.workload}`,
    ["kind of operator", "computed by", "#operators", "#medians together", "#share", "of the whole"],
    profile.kinds.map((kind) => [
      named(kind.name),
      el("bdi", {}, kind.by),
      { num: String(kind.operators), sort: kind.operators },
      ...timesOf(kind),
    ]),
    { class: "sortable cards" },
  );
}
