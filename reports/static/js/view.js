// The fragment says what is shown: #series=ID, #run=ID, with from, to, zero, q and the chosen axes. Back goes back.
const overview = document.getElementById("overview"),
  detail = document.getElementById("detail");
document.getElementById("main").append(el("div", { id: "said", class: "sr", role: "status", "aria-live": "polite" }));
let place = 0,
  setFilter = null;

const parsed = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

// Keeps a part of the view (a zoom, a filter) in the address without a step to go back to.
function remember(changes) {
  const state = new URLSearchParams(location.hash.slice(1));
  for (const [name, value] of Object.entries(changes)) value === null ? state.delete(name) : state.set(name, value);
  history.replaceState(null, "", `#${state}`);
}

function shown() {
  const state = parsed(),
    isAnchor = location.hash.length > 1 && !location.hash.includes("=");
  endPlots(detail);
  const view = state.run
    ? viewOfRun(state.run)
    : state.budget
      ? viewOfBudget(state.budget)
      : state.series
        ? viewOfSeries(state.series, state)
        : null;
  if (view !== null) {
    if (detail.hidden) place = scrollY;
    detail.replaceChildren(
      el("p", { class: "back" }, el("a", { href: "#" }, "← overview"), view.up ? [" · ", view.up] : null),
      ...view.content.flat(Infinity).filter(Boolean),
    );
    overview.hidden = true;
    detail.hidden = false;
    scrollTo(0, 0);
    const heading = detail.querySelector("h1");
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    return;
  }
  const wasAway = !detail.hidden;
  detail.hidden = true;
  detail.replaceChildren();
  overview.hidden = false;
  if (setFilter) setFilter(state.q ?? "");
  if (wasAway && !isAnchor) scrollTo(0, place);
}

function viewOfSeries(id, state) {
  const series = SERIES.get(id);
  if (!series)
    return {
      content: [el("h1", {}, "Not in this page"), el("p", {}, "This page holds no series of that name; a newer or older one may.")],
    };
  const title = el(
    "h1",
    {},
    named(series.workload),
    " ",
    el("span", { class: "metric" }, series.label),
    el("small", {}, " on ", named(series.device)),
  );
  const facts = el(
    "p",
    { class: "facts" },
    el("span", {}, `${series.pass} pass, ${series.runtime}, ${counted(series.threads, "thread")}`),
    el("span", {}, series.less ? "less is better" : "more is better"),
  );
  const past =
    series.count > 0
      ? historyView(series, state)
      : el(
          "section",
          {},
          el("h2", {}, "History"),
          el(
            "p",
            {},
            absent(
              series.nights ? `its ${series.nights} nights are not in this page, which holds those that matter most` : "it has no night",
            ),
          ),
          copyable(series.command),
        );
  const newest = runsOf(series).at(-1);
  const measured = newest ? DATA.commands[newest.command] : series.measure;
  const again = el("section", {}, el("h2", {}, "Measure it again"), copyable(measured));
  return { content: [title, facts, past, profileView(series), runsView(series), again] };
}

function viewOfRun(id) {
  const run = RUNS.get(id);
  if (!run)
    return {
      content: [
        el("h1", {}, "Not in this page"),
        el("p", {}, "This page does not hold that run; this command does:"),
        copyable(`farm show ${id}`),
      ],
    };
  const metric = Object.keys(run.values).find((name) => SERIES.has(`${run.series}.${name}`));
  return { content: runView(run), up: metric ? el("a", { href: `#series=${run.series}.${metric}` }, "its series") : null };
}

// Looked at or printed, whichever comes first: made twice, a table would lose how it was sorted.
function onceMade(into, make) {
  if (!into.querySelector("table")) make(into);
}

function lazily(id, make) {
  const into = document.getElementById(id);
  if (!into) return;
  new IntersectionObserver(
    (entries, watch) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        watch.disconnect();
        onceMade(into, make);
      }
    },
    { rootMargin: "400px" },
  ).observe(into);
}

// The page of one series shows it at once.
const inline = document.getElementById("inline-series");
if (inline) {
  const { content } = viewOfSeries(inline.dataset.series, parsed());
  inline.append(...content.slice(2).flat(Infinity).filter(Boolean));
}
for (const [id, every] of [
  ["curves", DATA.curves],
  ["canary-curve", DATA.canary],
]) {
  const into = document.getElementById(id);
  if (into) curvesView(into, every ?? []);
}

for (const made of document.querySelectorAll("table.sortable")) sortable(made);
for (const box of document.querySelectorAll(".wide")) fitting.observe(box);
const makeList = (into) => {
  setFilter = seriesList(into);
  setFilter(parsed().q ?? "");
};
const makePareto = (into) => paretoView(into, parsed());
const onceLooked = { "series-list": makeList, "pareto-view": makePareto };
for (const [id, make] of Object.entries(onceLooked)) lazily(id, make);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !detail.hidden) location.hash = "";
  if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName) && !overview.hidden) {
    const list = document.getElementById("series-list");
    if (list) {
      event.preventDefault();
      list.scrollIntoView();
      setTimeout(() => document.getElementById("filter")?.focus(), 60);
    }
  }
});

// On paper nothing can be opened: what is folded away is shown there, but for tables that say again what a plot shows.
let unfolded = [];
addEventListener("afterprint", () => {
  for (const part of unfolded) part.open = false;
  unfolded = [];
});
addEventListener("beforeprint", () => {
  unfolded.push(...document.querySelectorAll("details:not([open], .same)"));
  for (const part of unfolded) part.open = true;
  for (const [id, make] of Object.entries(onceLooked)) {
    const into = document.getElementById(id);
    if (into) onceMade(into, make);
  }
});
addEventListener("hashchange", shown);
shown();
