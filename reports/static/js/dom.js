// Elements are made of values, never of markup: what a device or a user wrote stays text.
const SVG = "http://www.w3.org/2000/svg";

function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const named = (text) => el("bdi", { class: "name", title: text }, text ?? "");
const absent = (reason) => el("span", { class: "absent" }, el("span", { class: "sr" }, "absent: "), reason);
const button = (text, act, attributes = {}) => el("button", { type: "button", on: { click: act }, ...attributes }, text);

// rows: arrays of cells; a cell is a node, a text, or {absent: reason}, {num: text, sort: number}.
function table(caption, heads, rows, attributes = {}) {
  const body = rows.map((row) =>
    el(
      "tr",
      {},
      row.map((cell, place) => cellOf(cell, place === 0)),
    ),
  );
  const head = heads.map((text) => el("th", { scope: "col", class: text.startsWith("#") ? "num" : null }, text.replace(/^#/, "")));
  const made = el(
    "table",
    { class: "sortable", ...attributes },
    el("caption", { class: "sr" }, caption),
    el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, body),
  );
  sortable(made);
  const box = el("div", { class: rows.length > 18 ? "wide tall" : "wide" }, made);
  fitting.observe(box);
  return box;
}

// A table that does not fit scrolls in a box of its own, which the keyboard reaches as long as there is something to scroll.
// Looked at a moment later: what is drawn first need not wait for it.
const fitting = new ResizeObserver((entries) => setTimeout(() => reached(entries.map(({ target }) => target)), 200));

function reached(boxes) {
  for (const box of boxes) {
    const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    const said = { tabindex: 0, role: "group", "aria-label": `${box.querySelector("caption").textContent}; scrolls` };
    for (const [name, value] of Object.entries(said)) scrolls ? box.setAttribute(name, value) : box.removeAttribute(name);
  }
}

// What a plot shows as a table, made when somebody opens it. rows: a function that makes them.
function disclosed(summary, caption, heads, rows) {
  const holder = el("details", { class: "same" }, el("summary", {}, summary));
  holder.addEventListener("toggle", () => {
    if (holder.open && !holder.querySelector("table")) holder.append(table(caption, heads, rows()));
  });
  return holder;
}

function cellOf(cell, isFirst) {
  const tag = isFirst ? "th" : "td",
    scope = isFirst ? { scope: "row" } : {};
  if (cell !== null && cell !== undefined && cell.absent !== undefined) return el(tag, { ...scope, class: "hatched" }, absent(cell.absent));
  if (cell !== null && cell !== undefined && cell.num !== undefined)
    return el(tag, { ...scope, class: "num", "data-sort": cell.sort }, cell.num);
  return el(tag, { ...scope, class: "text" }, cell ?? "");
}

const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const announce = (text) => {
  document.getElementById("said").textContent = text;
};

function copyable(command) {
  const said = el("code", { tabindex: 0 }, command);
  return el(
    "p",
    { class: "command" },
    said,
    button("copy", () => copied(said), { "aria-label": `copy the command ${command.slice(0, 80)}` }),
  );
}

function copied(node) {
  const range = document.createRange();
  range.selectNodeContents(node);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  announce(document.execCommand("copy") ? "The command is in the clipboard." : "The command is selected.");
}
