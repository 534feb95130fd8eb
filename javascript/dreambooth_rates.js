"use strict";

// The learning rate of the whole run, before it runs: a curve for each part, drawn with every plan.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h } = trainer;
  const told = (value) => (value === 0 || value >= 1e-3 ? String(Number(value.toPrecision(3))) : shortExponent(value));

  /** As rates are typed: 2e-6, 1.5e-5. */
  function shortExponent(value) {
    return Number(value.toPrecision(3)).toExponential().replace("e+", "e");
  }

  /** The swatch, name and value of a curve. */
  function legendOf({ number, label, value }) {
    const dash = trainer.graphs.dashOf(number).join(" ") || null;
    const swatch = h("svg", { class: "db-swatch", viewBox: "0 0 26 10", width: 26, height: 10, "aria-hidden": "true" },
      h("line", { x1: 1, x2: 25, y1: 5, y2: 5, "stroke-dasharray": dash, style: `stroke: var(--db-curve-${number + 1})` }));
    return h("span", { class: "db-rate" }, swatch, h("span", {}, label), h("span", { class: "db-legend-value" }, value));
  }

  /** First, highest and last value of a curve in words. */
  function describe({ steps, values }, suffix) {
    const highest = Math.max(...values);
    const last = values.length - 1;
    const peak = `${told(highest)}${suffix} at step ${steps[values.indexOf(highest)]}`;
    return `${told(values[0])}${suffix} at first, at most ${peak}, ${told(values[last])}${suffix} at step ${steps[last]}`;
  }

  trainer.part((page) => {
    const place = page.find(".db-rates");
    const legend = h("div", { class: "db-legend" });
    let curves = [];
    let suffix = "";
    let cursor = null;
    const graph = new trainer.graphs.Graph(page, { title: "Learning rate of the run", pointed: (step) => { cursor = step; draw(); } });
    place.append(h("figcaption", {}, h("h4", {}, "Learning rate of the run"), legend), graph.element);
    place.hidden = true;

    function draw() {
      legend.replaceChildren(...curves.map((curve) => {
        const at = trainer.graphs.valueAt(curve, cursor);
        const value = cursor === null ? describe(curve, suffix) : `${told(at.value)}${suffix} at step ${at.step}`;
        return legendOf({ ...curve, value });
      }));
      graph.show(curves, { isLog: false, fromZero: true, format: told, colours: trainer.graphs.coloursOf(place), cursor });
    }

    page.on("model", () => { place.hidden = true; });
    page.on("plan", ({ rates }) => {
      place.hidden = !rates?.curves.length;
      if (place.hidden) return;
      suffix = rates.times_estimate ? " × the estimate" : "";
      curves = rates.curves.map(({ label, steps, rates: values }, number) => ({ number, label, steps, values, line: { steps, values }, hasRaw: false }));
      draw();
    });
  });
})();
