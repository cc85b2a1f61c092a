// What the page holds, read once. Columns stay packed until a view needs them.
const DATA = JSON.parse(document.getElementById("farm-data").textContent);
const KINDS = { f8: Float64Array, f4: Float32Array, u4: Uint32Array, u2: Uint16Array, u1: Uint8Array };

function unpack(column) {
  const text = atob(column.b);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new KINDS[column.k](bytes.buffer);
}

const columns = {};
function points(name) {
  return (columns[name] ??= unpack(DATA.points[name]));
}

const EPOCH_S = Date.parse(DATA.epoch ?? "1970-01-01T00:00:00Z") / 1000;
const SERIES = new Map((DATA.series ?? []).map((series) => [series.id, series]));
const RUNS = new Map((DATA.runs ?? []).map((run) => [run.id, run]));

// How often the interval of so many runs' median covers it; null: one run has none.
const coverageOf = (runs) => DATA.ranks[Math.min(runs, DATA.ranks.length - 1)]?.[1] ?? null;

// The interval of the median of values: which of them bound it is in the page, so that no script has statistics of its own.
function intervalOf(values) {
  const found = DATA.ranks[values.length] ?? null;
  if (found === null) return null;
  const ordered = [...values].sort((a, b) => a - b);
  return { low: ordered[found[0] - 1], high: ordered[values.length - found[0]], coverage: found[1] };
}

// The nights of a series as plain arrays: x in seconds, name the day that a night is called after, values in base units. low and high are null where one run gives no interval.
function nightsOf(series) {
  const at = points("at"),
    called = points("day"),
    value = points("value"),
    low = points("low"),
    high = points("high");
  const runs = points("runs"),
    revision = points("revision");
  const span = series.most - series.least;
  const nights = { x: [], name: [], value: [], low: [], high: [], runs: [], revision: [] };
  for (let i = series.begin; i < series.begin + series.count; i++) {
    nights.x.push(EPOCH_S + at[i] * 60);
    const before = ((called[i >> 2] >> (2 * (i & 3))) & 3) - 1; // four to a byte
    nights.name.push(day(nights.x.at(-1) - before * 86400));
    nights.value.push(value[i]);
    const isBounded = coverageOf(runs[i]) !== null;
    nights.low.push(isBounded ? Math.min(value[i], series.least + (low[i] / 65535) * span) : null);
    nights.high.push(isBounded ? Math.max(value[i], series.least + (high[i] / 65535) * span) : null);
    nights.runs.push(runs[i]);
    nights.revision.push(DATA.revisions[revision[i]]);
  }
  return nights;
}

const runsOf = (series) => [...RUNS.values()].filter((run) => run.series !== null && series.id === `${run.series}.${series.metric}`);
