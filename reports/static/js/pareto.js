// Size, memory, time, energy and quality of every scheme: a scatter of two of them, and all of them as a table.
const DIMENSIONS = {
  size: "size of the artifact",
  memory: "peak memory",
  latency: "latency, or time per token",
  energy: "energy per inference, or per token",
  quality: "quality",
};
const SHAPES = ["circle", "square", "diamond", "triangle", "cross"];

function paretoView(into, state) {
  const every = DATA.pareto ?? [];
  if (every.length === 0) {
    into.replaceChildren(el("p", {}, "No valid run of the last nights."));
    return;
  }
  const devices = [...new Set(every.map((entry) => entry.device))].sort(),
    models = ["all models", ...new Set(every.map((entry) => entry.model))];
  const choose = (id, label, values, chosen) => [
    el("label", { for: id }, `${label} `),
    el(
      "select",
      { id },
      values.map(([value, text]) => el("option", { value, selected: value === chosen }, text)),
    ),
  ];
  const fields = [
    ["px", "across", Object.entries(DIMENSIONS), state.px ?? "latency"],
    ["py", "up", Object.entries(DIMENSIONS), state.py ?? "quality"],
    ["pd", "device", devices.map((name) => [name, name]), state.pd ?? devices[0]],
    ["pm", "model", models.map((name) => [name, name]), state.pm ?? richest(every)],
  ];
  const shown = el("div", {});
  const bar = el(
    "p",
    { class: "facts chooser" },
    fields.map((field) => el("span", {}, choose(...field))),
  );
  const draw = () => {
    const [px, py, pd, pm] = ["px", "py", "pd", "pm"].map((id) => bar.querySelector(`#${id}`).value);
    const own = every.filter((entry) => entry.device === pd && (pm === "all models" || entry.model === pm));
    shown.replaceChildren(...scatter(own, px, py, Math.max(320, Math.min(640, into.clientWidth))), paretoTable(own, px, py));
  };
  bar.addEventListener("change", (event) => {
    remember({ [event.target.id]: event.target.value });
    draw();
  });
  into.replaceChildren(bar, shown);
  draw();
}

// The model with the most schemes: where there is something to choose.
function richest(every) {
  const schemes = new Map();
  for (const entry of every) schemes.set(entry.model, (schemes.get(entry.model) ?? new Set()).add(entry.scheme));
  return [...schemes].sort(([, a], [, b]) => b.size - a.size)[0][0];
}

const valueOf = (entry, dimension) => entry[dimension].value ?? null;
const lessIsBetter = (entry, dimension) => dimension !== "quality" || entry.quality.metric === "perplexity";

// On the frontier: nothing of the same model is at least as good in both, and better in one.
function isBeaten(entry, own, px, py) {
  const better = (a, b, dimension) =>
    lessIsBetter(entry, dimension) ? valueOf(a, dimension) - valueOf(b, dimension) : valueOf(b, dimension) - valueOf(a, dimension);
  return own.some(
    (other) =>
      other !== entry &&
      other.model === entry.model &&
      other[px].metric === entry[px].metric &&
      other[py].metric === entry[py].metric &&
      valueOf(other, px) !== null &&
      valueOf(other, py) !== null &&
      better(other, entry, px) <= 0 &&
      better(other, entry, py) <= 0 &&
      (better(other, entry, px) < 0 || better(other, entry, py) < 0),
  );
}

const isPlaced = (entry, px, py) => valueOf(entry, px) !== null && valueOf(entry, py) !== null;
const said = (entry, dimension) => amount(valueOf(entry, dimension), dimension === "size" ? "bytes" : unitOf(entry[dimension].metric));

function scatter(own, px, py, width) {
  const kinds = Object.entries(
    Object.groupBy(
      own.filter((entry) => isPlaced(entry, px, py)),
      (entry) => `${entry[px].metric} ${entry[py].metric}`,
    ),
  );
  if (kinds.length === 0) return [el("p", {}, absent("no scheme has both of these"))];
  return kinds.map(([, entries]) => oneScatter(entries, px, py, width));
}

function range(entries, dimension) {
  const ends = entries.flatMap((entry) => [entry[dimension].low, entry[dimension].high]);
  const low = Math.min(...ends),
    high = Math.max(...ends);
  const room = (high - low || Math.abs(high) || 1) * 0.12;
  return low >= 0 && low - room < high * 0.25 ? [0, high + room] : [low - room, high + room];
}

// Round numbers between two others, about so many.
function rounded(low, high, wanted) {
  const rough = (high - low) / wanted,
    power = 10 ** Math.floor(Math.log10(rough)),
    step = [1, 2, 5, 10].find((each) => each * power >= rough) * power;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

function oneScatter(entries, px, py, width) {
  const [x0, x1] = range(entries, px),
    [y0, y1] = range(entries, py),
    schemes = [...new Set(entries.map((entry) => entry.scheme))];
  const left = 66,
    right = width - 30;
  const X = (value) => left + ((value - x0) / (x1 - x0)) * (right - left),
    Y = (value) => 270 - ((value - y0) / (y1 - y0)) * 250;
  const suffix = (dimension) => (dimension === "size" ? "bytes" : unitOf(entries[0][dimension].metric));
  const front = entries.filter((entry) => !isBeaten(entry, entries, px, py));
  const shape = (entry) => SHAPES[schemes.indexOf(entry.scheme) % SHAPES.length];
  const marks = entries.map((entry) =>
    mark(
      shape(entry),
      X(valueOf(entry, px)),
      Y(valueOf(entry, py)),
      front.includes(entry) ? "front" : "beaten",
      `${entry.workload}: ${said(entry, px)}, ${said(entry, py)}`,
    ),
  );
  const lines = Object.values(Object.groupBy(front, (entry) => entry.model)).map((own) =>
    svg("polyline", {
      class: "frontier",
      points: own
        .toSorted((a, b) => valueOf(a, px) - valueOf(b, px))
        .map((entry) => `${X(valueOf(entry, px))},${Y(valueOf(entry, py))}`)
        .join(" "),
    }),
  );
  const spans = entries.map((entry) => {
    const x = X(valueOf(entry, px)),
      y = Y(valueOf(entry, py));
    return [
      svg("line", { class: "error", x1: X(entry[px].low), x2: X(entry[px].high), y1: y, y2: y }),
      svg("line", { class: "error", x1: x, x2: x, y1: Y(entry[py].low), y2: Y(entry[py].high) }),
    ];
  });
  const told = (dimension, marks) => labels(marks, suffix(dimension)).map((text, i) => [marks[i], text]);
  const ups = told(py, rounded(y0, y1, 5)).map(([value, text]) => [
    svg("line", { class: "grid", x1: left, x2: right, y1: Y(value), y2: Y(value) }),
    svg("text", { class: "tick-label", x: left - 6, y: Y(value) + 4, "text-anchor": "end" }, text),
  ]);
  const along = told(px, rounded(x0, x1, width < 480 ? 3 : 5)).map(([value, text]) =>
    svg("text", { class: "tick-label", x: X(value), y: 288, "text-anchor": "middle" }, text),
  );
  const begins = [
    [px, x0],
    [py, y0],
  ]
    .filter(([, low]) => low !== 0)
    .map(([dimension, low]) => `${dimension} begins at ${amount(low, suffix(dimension), 3)}`);
  const text = `${DIMENSIONS[px]} across, ${DIMENSIONS[py]} up; ${counted(entries.length, "scheme")}, on the frontier: ${front.map((entry) => entry.workload.slice(0, 40)).join(", ")}`;
  const key = schemes.map((scheme, i) =>
    el(
      "span",
      { class: "k shape" },
      svg("svg", { viewBox: "-8 -8 16 16", width: 14, height: 14, "aria-hidden": "true" }, mark(SHAPES[i % SHAPES.length], 0, 0, "front")),
      named(scheme),
    ),
  );
  const end = begins.length ? `Axes that do not begin at zero: ${begins.join("; ")}.` : "Both axes begin at zero.";
  return el(
    "figure",
    { class: "scatter" },
    svg(
      "svg",
      { viewBox: `0 0 ${width} 310`, role: "img", "aria-label": text },
      ups,
      along,
      svg("text", { class: "axis-label", x: right, y: 305, "text-anchor": "end" }, DIMENSIONS[px]),
      lines,
      spans,
      marks,
      labelled(entries, (entry) => [X(valueOf(entry, px)), Y(valueOf(entry, py))], width),
    ),
    el("figcaption", {}, el("span", { class: "keys" }, key), ` Filled and joined: nothing of the same model is better in both. ${end}`),
  );
}

// Names beside their marks, above or below them so that they do not cover each other; none where there are too many.
function labelled(entries, placeOf, width) {
  if (entries.length > 14) return [];
  const taken = [];
  return entries.map((entry) => {
    const [x, y] = placeOf(entry),
      name = entry.workload.slice(0, 24),
      isRight = x > width * 0.6,
      wide = name.length * 6.2;
    const from = isRight ? x - 9 - wide : x + 9;
    const up =
      [-8, 16, -22, 30].find(
        (shift) => !taken.some(([at, to, line]) => Math.abs(line - (y + shift)) < 12 && from < to && at < from + wide),
      ) ?? -8;
    taken.push([from, from + wide, y + up]);
    return svg("text", { class: "label", x: isRight ? x - 9 : x + 9, y: y + up, "text-anchor": isRight ? "end" : "start" }, name);
  });
}

function mark(shape, x, y, kind, title) {
  const paths = {
    circle: "M-5 0 A5 5 0 1 0 5 0 A5 5 0 1 0 -5 0 Z",
    square: "M-5 -5 H5 V5 H-5 Z",
    diamond: "M0 -6.5 L6.5 0 L0 6.5 L-6.5 0 Z",
    triangle: "M0 -6 L6 5 L-6 5 Z",
    cross: "M-2 -6 H2 V-2 H6 V2 H2 V6 H-2 V2 H-6 V-2 H-2 Z",
  };
  return svg(
    "path",
    { class: `scheme ${kind}`, d: paths[shape], transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` },
    title ? svg("title", {}, title) : null,
  );
}

function paretoTable(own, px, py) {
  const cell = (entry, dimension) =>
    valueOf(entry, dimension) === null
      ? { absent: entry[dimension].why }
      : { num: said(entry, dimension), sort: valueOf(entry, dimension) };
  const rows = own.map((entry) => [
    named(entry.workload),
    named(entry.scheme),
    ...Object.keys(DIMENSIONS).map((dimension) => cell(entry, dimension)),
    isPlaced(entry, px, py) ? (isBeaten(entry, own, px, py) ? "beaten" : "on the frontier") : { absent: "one of the two is missing" },
  ]);
  return table(
    "Size, memory, latency, energy and quality of each scheme",
    ["workload", "scheme", "#size", "#peak memory", "#latency", "#energy", "#quality", "here"],
    rows,
  );
}
