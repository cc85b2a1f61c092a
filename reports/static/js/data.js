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

// The nights of a series as plain arrays: x in seconds, values in base units.
function nightsOf(series) {
  const at = points("at"),
    value = points("value"),
    low = points("low"),
    high = points("high");
  const runs = points("runs"),
    revision = points("revision");
  const span = series.most - series.least;
  const nights = { x: [], value: [], low: [], high: [], runs: [], revision: [] };
  for (let i = series.begin; i < series.begin + series.count; i++) {
    nights.x.push(EPOCH_S + at[i] * 60);
    nights.value.push(value[i]);
    nights.low.push(Math.min(value[i], series.least + (low[i] / 65535) * span));
    nights.high.push(Math.max(value[i], series.least + (high[i] / 65535) * span));
    nights.runs.push(runs[i]);
    nights.revision.push(DATA.revisions[revision[i]]);
  }
  return nights;
}

const runsOf = (series) => [...RUNS.values()].filter((run) => run.series !== null && series.id === `${run.series}.${series.metric}`);
