// A series over time: nights with the interval of their median, every run where the page has them, change points as bands, device events as markers.
function historyView(series, state) {
  const began = performance.now();
  const holder = el("div", {
    class: "plot",
    tabindex: 0,
    role: "group",
    "aria-label": `history of ${series.workload} ${series.label} on ${series.device}; plus and minus zoom, arrows move, 0 shows everything`,
  });
  const readout = el("output", { class: "readout" }, "Point at a night to read it; drag to zoom, shift-drag or shift-wheel to move.");
  const note = el("p", { class: "hint axis-note" });
  const zero = el("input", { type: "checkbox", id: "from-zero" });
  zero.checked = state.zero === "1";
  const nights = nightsOf(series),
    every = everyRun(series);
  const events = (DATA.events ?? []).filter(([, device]) => device === series.device);
  const parts = [holder, readout, note];
  requestAnimationFrame(() => {
    const xs = every === null ? nights.x : every.x;
    const full = [Math.min(nights.x[0], xs[0]) - 43200, Math.max(nights.x.at(-1), xs.at(-1)) + 43200];
    const made = drawn(
      holder,
      { series, nights, every, events, full, readout, note },
      () => zero.checked,
    );
    const tools = controls(made, full, (range) => remember({ from: range && day(range[0]), to: range && day(range[1]) }));
    holder.addEventListener("keydown", tools.onKey);
    tools.row.append(el("label", { for: "from-zero" }, zero, " from zero"));
    zero.addEventListener("change", () => {
      remember({ zero: zero.checked ? "1" : null });
      made.redraw(false, true);
      made.setScale("x", { min: made.scales.x.min, max: made.scales.x.max });
    });
    holder.after(tools.row);
    const asked = [state.from, state.to].map((text) => Date.parse(text ?? "") / 1000);
    if (asked[0] < asked[1]) tools.go(...asked); // an address that names no time, or an end before its begin, shows everything
    const ended = () => {
      document.documentElement.dataset.painted = (performance.now() - began).toFixed(1);
    };
    requestAnimationFrame(ended);
  });
  return el("section", {}, el("h2", {}, "History"), historySummary(series, nights, events), parts, legend(nights), nightTable(series, nights));
}

function axisNote(note, range, series, beyond = "") {
  const begin =
    range[0] > 0 ? `The vertical axis begins at ${amount(range[0], series.unit)}, not at zero.` : "The vertical axis begins at zero.";
  const text = begin + beyond;
  if (note.textContent !== text) note.textContent = text;
}

// Runs that do not count must not press those that do into a line: the axis fits the valid ones, and says what lies beyond it.
function beyondText(every, { x, y }, series) {
  let count = 0,
    least = Infinity,
    most = -Infinity;
  every.value.forEach((value, i) => {
    if ((value >= y.min && value <= y.max) || every.x[i] < x.min || every.x[i] > x.max) return;
    count += 1;
    least = Math.min(least, value);
    most = Math.max(most, value);
  });
  if (count === 0) return "";
  const ends = count === 1 ? amount(most, series.unit) : `${amount(least, series.unit)} to ${amount(most, series.unit)}`;
  return ` It fits the valid runs: ${counted(count, "invalid run")} beyond it (${ends}) ${count === 1 ? "is" : "are"} drawn as ${count === 1 ? "an arrow" : "arrows"} at its edge.`;
}

function historySummary(series, nights, events) {
  const lines = series.changes.map((change) =>
    el(
      "li",
      {},
      el("span", { class: `tag ${change.worse ? "worse" : "better"}` }, change.worse ? "worse" : "better"),
      ` ${change.sure}${change.here ? "" : ", no longer there"}: ${change.text} `,
      el("span", { class: "id" }, change.id),
      change.said ? el("bdi", { class: "sub" }, change.said) : null,
    ),
  );
  const text = `${counted(new Set(nights.name).size, "night")} from ${nights.name[0]} to ${nights.name.at(-1)}; medians from ${amount(Math.min(...nights.value), series.unit)} to ${amount(Math.max(...nights.value), series.unit)}, the last ${amount(nights.value.at(-1), series.unit)}. ${counted(series.changes.length, "change")}, ${counted(events.length, "event")} of the device.`;
  return el(
    "div",
    {},
    el("p", { class: "summary" }, text),
    lines.length ? el("ul", { class: "plain" }, lines) : null,
  );
}

// What is drawn: below the plot, so that on a phone the plot comes first.
function legend(nights) {
  return el(
    "p",
    { class: "key" },
    el("span", { class: "k median" }, "median of a night"),
    el("span", { class: "k interval" }, `interval of that median over the night's runs${coverages(nights)}`),
    DATA.history ? [el("span", { class: "k valid" }, "run"), el("span", { class: "k invalid" }, "invalid run, never averaged in")] : null,
    el("span", { class: "k between" }, "a change lies in here"),
    el("span", { class: "k marker" }, "event of the device"),
  );
}

// What the intervals of a legend cover: it depends on how many runs a night has.
function coverages(nights) {
  const shares = nights.runs.map(coverageOf),
    known = shares.filter((share) => share !== null),
    single = shares.length - known.length;
  const without = single ? `; ${counted(single, "night")} with one run ${single === 1 ? "has" : "have"} none` : "";
  if (known.length === 0) return ": none, since every night has one run";
  const [least, most] = [Math.min(...known), Math.max(...known)].map((share) => (100 * share).toFixed(0));
  return ` (${least === most ? least : `${least} to ${most}`} %${without})`;
}

function everyRun(series) {
  const history = DATA.history;
  if (!history || history.series !== series.id) return null;
  const at = unpack(history.at),
    value = unpack(history.value),
    kind = unpack(history.kind),
    revision = unpack(history.revision);
  const x = new Array(at.length);
  for (let i = 0; i < at.length; i++) x[i] = EPOCH_S + at[i];
  const counts = kind.includes(0) ? Array.from(value, (each, i) => (kind[i] === 0 ? each : null)) : Array.from(value);
  return { x, value, counts, kind, revision };
}

function drawn(holder, content, isFromZero) {
  const { series, nights, every, full, readout, note } = content;
  const x = every === null ? nights.x : every.x;
  const data = every === null ? [x, nights.value, nights.high, nights.low] : [x, every.counts];
  const quiet = { stroke: "transparent", width: 0, points: { show: false } };
  const lines =
    every === null
      ? [{ stroke: () => ink("mark"), width: 1.5, points: { show: true, size: 5, fill: () => ink("mark") } }, quiet, quiet]
      : [{ ...quiet, paths: () => null }];
  return plot(
    holder,
    {
      series: [{}, ...lines],
      scales: {
        x: { time: true, range: (_, low, high) => (low === null ? full : [low, high]), min: full[0], max: full[1] },
        y: {
          range: fitted(isFromZero, () => {}),
        },
      },
      axes: [timeAxis((at) => revisionAt(nights, at)), valueAxis(series.unit)],
      cursor: { drag: { x: true, y: false, setScale: true }, points: { size: 9 }, focus: { prox: 30 } },
      hooks: {
        drawClear: [
          (made) => {
            drawBands(made, content);
            drawIntervals(made, nights);
          },
        ],
        draw: [
          (made) => {
            if (every !== null) drawRuns(made, every, nights);
            drawEvents(made, content.events);
            axisNote(note, [made.scales.y.min], series, every === null ? "" : beyondText(every, made.scales, series));
          },
        ],
        setCursor: [
          (made) => {
            if (made.cursor.idx !== null && made.cursor.idx !== undefined)
              readout.textContent =
                every === null
                  ? nightText(series, nights, made.cursor.idx, content.events)
                  : runText(series, every, made.cursor.idx, content.events);
          },
        ],
        setSelect: [
          (made) => {
            if (made.select.width > 0)
              remember({
                from: day(made.posToVal(made.select.left, "x")),
                to: day(made.posToVal(made.select.left + made.select.width, "x") + 86400),
              });
          },
        ],
      },
    },
    data,
  );
}

// The revision of the last night that had begun by a time: what stands below the time on the axis.
function revisionAt(nights, at) {
  const i = nights.x.findLastIndex((began) => began <= at);
  return i < 0 || nights.revision[i] === null ? "" : nights.revision[i].slice(0, 10);
}

function nightText(series, nights, i, events) {
  return `night of ${nights.name[i]} · ${shortly(nights.revision[i])} · ${amount(nights.value[i], series.unit)}, ${intervalText(series, nights, i) ?? "no interval"}, ${counted(nights.runs[i], "valid run")}${eventText(nights.x[i], events)}`;
}

const intervalText = (series, nights, i) =>
  nights.low[i] === null ? null : between(nights.low[i], nights.high[i], coverageOf(nights.runs[i]), series.unit);

function runText(series, every, i, events) {
  const kind = every.kind[i] === 0 ? "valid" : DATA.history.reasons[every.kind[i]];
  return `${minute(every.x[i])} · ${shortly(DATA.revisions[every.revision[i]])} · ${amount(every.value[i], series.unit)} · ${kind}${eventText(every.x[i], events)}`;
}

function eventText(x, events) {
  const near = events.filter(([at]) => Math.abs(EPOCH_S + at * 60 - x) < 43200);
  return near.length ? ` · ${near.map(([, , what, before, after]) => `${what} ${before} → ${after}`).join("; ")}` : "";
}

function drawBands(made, { series }) {
  const { ctx, bbox } = made;
  ctx.save();
  for (const change of series.changes) {
    const left = made.valToPos(EPOCH_S + change.after * 60, "x", true),
      right = made.valToPos(EPOCH_S + change.until * 60, "x", true);
    if (right < bbox.left || left > bbox.left + bbox.width) continue;
    ctx.fillStyle = ink(change.worse ? "worse-band" : "better-band");
    const begin = Math.max(left, bbox.left),
      end = Math.min(Math.max(right, left + 3), bbox.left + bbox.width);
    ctx.fillRect(begin, bbox.top, end - begin, bbox.height);
    ctx.fillStyle = ink(change.worse ? "worse" : "better");
    ctx.font = `${12 * devicePixelRatio}px system-ui`;
    ctx.fillText(change.worse ? "▲" : "▼", begin + 2, bbox.top + 14 * devicePixelRatio);
  }
  ctx.restore();
}

// A night's interval is a bar at that night: what lies between two nights was not measured.
function drawIntervals(made, nights) {
  const { ctx, bbox } = made,
    { min, max } = made.scales.x;
  const apart = (bbox.width / (max - min)) * 86400,
    wide = Math.max(devicePixelRatio, Math.min(9 * devicePixelRatio, apart * 0.6));
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = ink("band");
  nights.x.forEach((at, i) => {
    if (nights.low[i] === null || at < min || at > max) return;
    const top = made.valToPos(nights.high[i], "y", true),
      bottom = made.valToPos(nights.low[i], "y", true);
    ctx.fillRect(made.valToPos(at, "x", true) - wide / 2, top, wide, Math.max(2 * devicePixelRatio, bottom - top));
  });
  ctx.restore();
}

function drawEvents(made, events) {
  const { ctx, bbox } = made,
    ratio = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = ratio;
  for (const [at, , what] of events) {
    const x = made.valToPos(EPOCH_S + at * 60, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = ctx.fillStyle = ink("faint");
    if (what !== "restarted") {
      ctx.setLineDash([4 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    const size = (what === "restarted" ? 3 : 6) * ratio,
      bottom = bbox.top + bbox.height;
    ctx.beginPath();
    ctx.moveTo(x - size, bottom);
    ctx.lineTo(x + size, bottom);
    ctx.lineTo(x, bottom - 1.6 * size);
    ctx.fill();
  }
  ctx.restore();
}

// Squares, not circles, only those in view, and one where many lie on the same spot: a hundred thousand take milliseconds.
function drawRuns(made, every, nights) {
  const { ctx, bbox } = made,
    { min, max } = made.scales.x,
    scale = made.scales.y;
  const toX = bbox.width / (max - min),
    toY = bbox.height / (scale.max - scale.min),
    bottom = bbox.top + bbox.height;
  const inView = every.x.length * Math.min(1, (max - min) / (every.x.at(-1) - every.x[0] || 1));
  const room = Math.sqrt((bbox.width * bbox.height) / inView) / devicePixelRatio,
    size = Math.max(2, Math.min(6, 0.35 * room)) * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const isValid of [true, false]) {
    ctx.fillStyle = ctx.strokeStyle = ink(isValid ? "dot" : "set-apart");
    const cell = Math.max(1, Math.floor(size / 2)),
      wide = Math.ceil(bbox.width / cell) + 1,
      taken = new Uint8Array(wide * (Math.ceil(bbox.height / cell) + 1));
    for (let i = 0; i < every.x.length; i++) {
      if ((every.kind[i] === 0) !== isValid || every.x[i] < min || every.x[i] > max) continue;
      const x = (every.x[i] - min) * toX,
        height = (every.value[i] - scale.min) * toY,
        y = Math.min(bbox.height, Math.max(0, height));
      const at = Math.floor(y / cell) * wide + Math.floor(x / cell);
      if (taken[at]) continue;
      taken[at] = 1;
      if (y !== height) arrow(ctx, bbox.left + x, bottom - y, size + 4 * devicePixelRatio, height > y ? 1 : -1);
      else if (isValid) ctx.fillRect(bbox.left + x - size / 2, bottom - y - size / 2, size, size);
      else ctx.strokeRect(bbox.left + x - size / 2, bottom - y - size / 2, size, size);
    }
  }
  ctx.strokeStyle = ink("mark");
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.beginPath();
  nights.x.forEach((at, i) => ctx[i ? "lineTo" : "moveTo"](bbox.left + (at - min) * toX, bottom - (nights.value[i] - scale.min) * toY));
  ctx.stroke();
  ctx.restore();
}

function arrow(ctx, x, y, size, way) {
  ctx.beginPath();
  ctx.moveTo(x, y + way);
  ctx.lineTo(x - size / 2, y + way * size);
  ctx.lineTo(x + size / 2, y + way * size);
  ctx.closePath();
  ctx.stroke();
}

function nightTable(series, nights) {
  return disclosed(
    `The same as a table: ${counted(nights.x.length, "nightly value")}`,
    `Nights of ${series.workload} ${series.label} on ${series.device}`,
    ["night", "began", "revision", "#median", "#its interval over runs", "#valid runs"],
    () =>
      nights.x
        .map((at, i) => [
          nights.name[i],
          minute(at),
          named(nights.revision[i] ?? "not given"),
          { num: amount(nights.value[i], series.unit), sort: nights.value[i] },
          nights.low[i] === null
            ? { absent: "one run has no interval" }
            : { num: intervalText(series, nights, i), sort: nights.low[i] },
          { num: String(nights.runs[i]), sort: nights.runs[i] },
        ])
        .reverse(),
  );
}
