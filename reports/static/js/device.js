// What a device says of itself before each session, and what its canary came to, over time.
function curvesView(into, every) {
  into.replaceChildren(
    ...every.map((curve) =>
      curve.why ? el("figure", { class: "hatched" }, el("figcaption", {}, curve.label, " ", absent(curve.why))) : curveView(curve),
    ),
  );
}

function curveView(curve) {
  const x = Array.from(unpack(curve.at), (at) => EPOCH_S + at * 60),
    y = Array.from(unpack(curve.value)),
    suffix = unitOf(curve.name),
    band = curve.band ?? [],
    isFromZero = suffix === null;
  const said = (value) =>
    suffix === null
      ? `${value.toFixed(0)}${curve.name.endsWith("percent") ? " %" : ""}`
      : amount(value, suffix, suffix === "c" ? 3 : 4);
  const title = curve.label[0].toUpperCase() + curve.label.slice(1);
  const text = `${title}: ${counted(x.length, "session")}, from ${said(Math.min(...y))} to ${said(Math.max(...y))}, the last ${said(y.at(-1))}${band.length ? `; the band goes from ${said(band[0])} to ${said(band[1])}` : ""}`;
  const holder = el("div", { class: "plot small", role: "img", "aria-label": text });
  const quiet = { stroke: "transparent", width: 0, points: { show: false } };
  const line = { stroke: () => ink("mark"), width: 1.2, points: { show: band.length > 0, size: 6, fill: () => ink("mark") } };
  requestAnimationFrame(() =>
    plot(
      holder,
      {
        height: 170,
        scales: {
          x: { time: true },
          y: {
            range: fitted(
              () => isFromZero,
              () => {},
            ),
          },
        },
        bands: band.length ? [{ series: [3, 2], fill: () => ink("band") }] : [],
        axes: [timeAxis(), suffix === null ? axis({ size: roomFor, values: (_, splits) => splits.map(said) }) : valueAxis(suffix)],
        series: [{}, line, ...band.map(() => quiet)],
        cursor: { drag: { x: true, y: false }, sync: { key: "device" } },
      },
      [x, y, ...band.map((end) => x.map(() => end))],
    ),
  );
  return el(
    "figure",
    {},
    el("figcaption", {}, `${text}.`, isFromZero ? "" : " The axis does not begin at zero."),
    holder,
    curve.listed
      ? null
      : disclosed("The same as a table", curve.label, ["at", "#value"], () =>
          x.map((at, i) => [minute(at), { num: said(y[i]), sort: y[i] }]).reverse(),
        ),
  );
}
