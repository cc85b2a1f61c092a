// Tables sort by a button in each head; a sorted table says so to those who do not see it.
function sortable(made) {
  const heads = [...made.querySelectorAll("thead th")].map((head) => head.textContent);
  if (made.classList.contains("cards"))
    for (const row of made.tBodies[0].rows)
      [...row.cells].forEach((cell, place) => {
        cell.dataset.label = heads[place];
      });
  for (const head of made.querySelectorAll("thead th")) {
    if (head.firstElementChild !== null) continue;
    const text = head.textContent;
    head.replaceChildren(button(text, () => sorted(made, head), { class: "sort" }));
  }
}

function sorted(made, head) {
  const place = [...head.parentNode.children].indexOf(head);
  const falls = head.getAttribute("aria-sort") === "ascending";
  for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", falls ? "descending" : "ascending");
  const body = made.tBodies[0];
  const keyed = [...body.rows].map((row) => [keyOf(row.cells[place]), row]);
  keyed.sort(([a], [b]) => compared(a, b) * (falls ? -1 : 1));
  body.append(...keyed.map(([, row]) => row));
  announce(`Sorted by ${head.textContent}, ${falls ? "descending" : "ascending"}.`);
}

function keyOf(cell) {
  if (cell === undefined || cell.classList.contains("hatched")) return null;
  const text = (cell.dataset.sort ?? cell.textContent).trim();
  const number = parseFloat(text);
  return /^[-+]?[\d.]/.test(text) && !/^\d{4}-\d\d-/.test(text) && !Number.isNaN(number) ? number * scaleOf(text) : text;
}

function scaleOf(text) {
  const unit = text.split(/\s+/)[1];
  for (const all of Object.values(UNITS)) for (const [name, factor] of all) if (name === unit) return factor;
  return 1;
}

// What is absent comes last, whichever way a table is sorted up.
function compared(a, b) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b));
}

// Every series as a list to search: built when it is looked at.
function seriesList(into) {
  const asked = el("input", { type: "search", id: "filter", placeholder: "device, workload, metric", autocomplete: "off" });
  const said = el("output", { for: "filter" });
  const rows = [...SERIES.values()].map((series) => [series, seriesRow(series)]);
  const holder = table(
    "Every series",
    ["workload", "device", "metric", "#last", "trend", "#nights", "last night", "findings"],
    rows.map(([, row]) => row),
    { class: "sortable cards compact listed" },
  );
  const made = [...holder.querySelectorAll("tbody tr")];
  const words = rows.map(([series]) => `${series.device} ${series.workload} ${series.label} ${series.metric}`.toLowerCase());
  function filter() {
    const parts = asked.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    made.forEach((row, number) => {
      row.hidden = !parts.every((part) => words[number].includes(part));
      shown += row.hidden ? 0 : 1;
    });
    said.textContent = `${shown} of ${made.length} series`;
  }
  asked.addEventListener("input", () => {
    filter();
    remember({ q: asked.value || null });
  });
  into.replaceChildren(el("p", { class: "facts" }, el("label", { for: "filter" }, "Filter "), asked, " ", said), holder);
  return (text) => {
    if (asked.value !== text) asked.value = text;
    filter();
  };
}

function seriesRow(series) {
  const open = series.changes.filter((change) => change.here && change.worse).length;
  const suffix = unitOf(series.metric);
  return [
    el("a", { href: `#series=${series.id}` }, named(series.workload)),
    named(series.device),
    series.label,
    series.now === null ? { absent: "no night" } : { num: amount(series.now, suffix), sort: series.now },
    series.count > 1 ? sparkline(series) : { absent: series.nights > 1 ? "not in this page" : "one night only" },
    { num: String(series.nights), sort: series.nights },
    series.last,
    series.changes.length === 0 ? "none" : `${series.changes.length}${open ? `, ${open} open` : ""}`,
  ];
}

function sparkline(series) {
  const value = points("value").subarray(series.begin, series.begin + series.count);
  const step = Math.max(1, Math.floor(value.length / 60));
  let low = Infinity,
    high = -Infinity;
  for (const each of value) {
    low = Math.min(low, each);
    high = Math.max(high, each);
  }
  const places = [];
  for (let i = 0; i < value.length; i += step) {
    places.push(
      `${(4 + (i / (value.length - 1)) * 112).toFixed(1)},${(high === low ? 14 : 24 - ((value[i] - low) / (high - low)) * 20).toFixed(1)}`,
    );
  }
  return svg(
    "svg",
    {
      class: "spark",
      viewBox: "0 0 120 28",
      width: 120,
      height: 28,
      role: "img",
      "aria-label": `${value.length} nights, ${amount(low, series.unit)} to ${amount(high, series.unit)}`,
    },
    svg("polyline", { points: places.join(" ") }),
  );
}
