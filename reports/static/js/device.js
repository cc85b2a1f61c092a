// What a device says of itself before each session, over time.
function curvesView(into) {
  into.replaceChildren(
    ...(DATA.curves ?? []).map((curve) => {
      if (curve.why) return el("figure", { class: "hatched" }, el("figcaption", {}, curve.label, " ", absent(curve.why)));
      const x = Array.from(unpack(curve.at), (at) => EPOCH_S + at * 60),
        y = Array.from(unpack(curve.value)),
        suffix = unitOf(curve.name);
      const said = (value) =>
        suffix === "c" ? amount(value, suffix, 3) : `${value.toFixed(0)}${curve.name.endsWith("percent") ? " %" : ""}`;
      const text = `${curve.label}: ${counted(x.length, "session")}, from ${said(Math.min(...y))} to ${said(Math.max(...y))}, the last ${said(y.at(-1))}`;
      const holder = el("div", { class: "plot small", role: "img", "aria-label": text });
      requestAnimationFrame(() =>
        plot(
          holder,
          {
            height: 170,
            keep: true,
            scales: {
              x: { time: true },
              y: {
                range: fitted(
                  () => suffix !== "c",
                  () => {},
                ),
              },
            },
            axes: [timeAxis(), axis({ size: 78, values: (_, splits) => splits.map(said) })],
            series: [{}, { stroke: () => ink("mark"), width: 1.2, points: { show: false } }],
            cursor: { drag: { x: true, y: false }, sync: { key: "device" } },
          },
          [x, y],
        ),
      );
      return el("figure", {}, el("figcaption", {}, `${text}.`, suffix === "c" ? " The axis does not begin at zero." : ""), holder);
    }),
  );
}
