// uPlot with farm's manners: axes that say when they do not begin at zero, zoom and pan by mouse, wheel, buttons and keys.
const PLOTS = new Set();

function plot(holder, options, data) {
  const width = () => Math.max(260, holder.clientWidth);
  const made = new uPlot(
    {
      width: width(),
      height: 320,
      ms: 1e-3,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), "UTC"),
      legend: { show: false },
      ...options,
    },
    data,
    holder,
  );
  const watch = new ResizeObserver(() => {
    if (holder.isConnected && width() !== made.width) made.setSize({ width: width(), height: made.height });
  });
  watch.observe(holder);
  const kept = {
    made,
    end: () => {
      watch.disconnect();
      made.destroy();
      PLOTS.delete(kept);
    },
  };
  PLOTS.add(kept);
  return made;
}

// Those of a view that goes; what else the page shows stays as it is for whoever comes back.
function endPlots(within) {
  for (const kept of [...PLOTS]) if (within.contains(kept.made.root)) kept.end();
}

const axis = (extra = {}) => ({
  stroke: () => ink("faint"),
  grid: { stroke: () => ink("line"), width: 1 },
  ticks: { stroke: () => ink("line"), width: 1 },
  font: "12px system-ui, sans-serif",
  ...extra,
});

// below: what stands under each time.
const timeAxis = (below = null) =>
  axis({
    space: 90,
    size: below ? 52 : 34,
    values: (_, splits) =>
      splits.map((at, i) => {
        const text = i > 0 && splits[1] - splits[0] < 86400 ? minute(at).slice(5) : day(at);
        return below ? `${text}\n${below(at)}` : text;
      }),
  });

// What stands at the marks of an axis: all in one unit, with as many decimals as tell them apart.
function labels(marks, suffix) {
  const [name, factor] = unitFor(Math.max(...marks.map(Math.abs)), suffix),
    step = marks.length > 1 ? Math.abs(marks[1] - marks[0]) / factor : 1;
  const decimals = [0, 1, 2, 3, 4, 5].find((digits) => Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-6) ?? 6;
  return marks.map((value) => `${(value / factor).toFixed(decimals)} ${name}`.trim());
}

// The room of an axis, by its longest label.
function roomFor(_, shown) {
  return Math.max(78, 24 + 7.2 * Math.max(0, ...(shown ?? []).map((label) => label.length)));
}

function valueAxis(suffix, extra = {}) {
  return axis({ size: roomFor, values: (_, splits) => labels(splits, suffix), ...extra });
}

// The range of an axis: fitted to what is shown, or from zero. note is told where it begins.
function fitted(isFromZero, note) {
  return (_, low, high) => {
    if (low === null || high === null || !Number.isFinite(low)) return [0, 1];
    const room = (high - low || Math.abs(high) || 1) * 0.08;
    const range = isFromZero() ? [Math.min(0, low), Math.max(0, high) + room] : [low - room, high + room];
    if (low >= 0 && range[0] < 0) range[0] = 0;
    note(range);
    return range;
  };
}

function controls(made, full, remembered) {
  const go = (low, high) => {
    const span = Math.max(60, Math.min(high - low, full[1] - full[0]));
    const begin = Math.min(Math.max(low, full[0]), full[1] - span);
    made.setScale("x", { min: begin, max: begin + span });
    remembered(span >= full[1] - full[0] ? null : [begin, begin + span]);
  };
  const by = (shift, zoom) => {
    const { min, max } = made.scales.x,
      centre = (min + max) / 2 + shift * (max - min),
      half = ((max - min) / 2) * zoom;
    go(centre - half, centre + half);
  };
  const acts = {
    "zoom in": () => by(0, 0.5),
    "zoom out": () => by(0, 2),
    earlier: () => by(-0.4, 1),
    later: () => by(0.4, 1),
    everything: () => go(...full),
  };
  const keys = { "+": "zoom in", "-": "zoom out", ArrowLeft: "earlier", ArrowRight: "later", 0: "everything" };
  made.root.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const { min, max } = made.scales.x,
        at = made.posToVal(event.clientX - made.over.getBoundingClientRect().left, "x");
      const zoom = event.deltaY < 0 ? 0.8 : 1.25;
      if (event.shiftKey) by(event.deltaY < 0 ? -0.1 : 0.1, 1);
      else go(at - (at - min) * zoom, at + (max - at) * zoom);
    },
    { passive: false },
  );
  made.over.addEventListener(
    "mousedown",
    (event) => {
      if (event.shiftKey || event.button === 1) pan(made, event, go);
    },
    { capture: true },
  );
  const row = el(
    "div",
    { class: "controls", role: "group", "aria-label": "zoom and pan" },
    Object.entries(acts).map(([name, act]) => button(name, act)),
  );
  return {
    row,
    go,
    onKey: (event) => {
      if (keys[event.key]) {
        event.preventDefault();
        acts[keys[event.key]]();
      }
    },
  };
}

function pan(made, event, go) {
  event.stopPropagation();
  event.preventDefault();
  const { min, max } = made.scales.x,
    perPixel = (max - min) / made.over.clientWidth,
    from = event.clientX;
  const move = (moved) => go(min - (moved.clientX - from) * perPixel, max - (moved.clientX - from) * perPixel);
  const end = () => {
    removeEventListener("mousemove", move);
    removeEventListener("mouseup", end);
  };
  addEventListener("mousemove", move);
  addEventListener("mouseup", end);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const { made } of PLOTS) made.redraw(false, true);
});
