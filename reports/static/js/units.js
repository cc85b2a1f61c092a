// Base units -> what people read, as farm/units.py has it.
const UNITS = {
  ns: [
    ["ns", 1],
    ["us", 1e3],
    ["ms", 1e6],
    ["s", 1e9],
  ],
  bytes: [
    ["B", 1],
    ["kB", 1e3],
    ["MB", 1e6],
    ["GB", 1e9],
  ],
  c: [["°C", 1]],
  ratio: [["%", 0.01]],
  tokens_per_s: [["tokens/s", 1]],
  uj: [
    ["uJ", 1],
    ["mJ", 1e3],
    ["J", 1e6],
  ],
  hz: [
    ["Hz", 1],
    ["kHz", 1e3],
    ["MHz", 1e6],
    ["GHz", 1e9],
  ],
  uw: [
    ["uW", 1],
    ["mW", 1e3],
    ["W", 1e6],
  ],
  ua: [
    ["uA", 1],
    ["mA", 1e3],
    ["A", 1e6],
  ],
  uv: [
    ["uV", 1],
    ["mV", 1e3],
    ["V", 1e6],
  ],
};

function unitOf(metric) {
  return Object.keys(UNITS).find((suffix) => metric === suffix || metric.endsWith(`_${suffix}`)) ?? null;
}

function unitFor(value, suffix) {
  const all = UNITS[suffix] ?? [["", 1]];
  let chosen = all[0];
  for (const unit of all) if (Math.abs(value) / unit[1] >= 1) chosen = unit;
  return chosen;
}

function significant(value, digits) {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  return value.toFixed(Math.min(20, Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))))));
}

function amount(value, suffix, digits = 4) {
  if (value === null || value === undefined) return "absent";
  const [name, factor] = unitFor(value, suffix);
  if (name === "" && Number.isInteger(value)) return String(value);
  return `${significant(value / factor, digits)} ${name}`.trim();
}

// An interval with its coverage, the unit once where both ends have the same.
function between(low, high, coverage, suffix) {
  const [from, to] = [amount(low, suffix), amount(high, suffix)],
    unit = (text) => text.split(" ")[1];
  return `${unit(from) === unit(to) ? from.split(" ")[0] : from} … ${to} (${(100 * coverage).toFixed(0)} %)`;
}

const day = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 10);
const minute = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
const counted = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;
const shortly = (text) => (text === null || text === undefined ? "not given" : text.slice(0, 12));

function middle(values) {
  const ordered = [...values].sort((a, b) => a - b),
    half = ordered.length >> 1;
  return ordered.length % 2 ? ordered[half] : (ordered[half - 1] + ordered[half]) / 2;
}
