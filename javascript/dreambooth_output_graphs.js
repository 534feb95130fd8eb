"use strict";

// The graphs of a run: which curves stand in which graph, their legends, values at a step, and all as a picture.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h } = trainer;
  const gigabytes = (value) => `${Number((value / 1e9).toPrecision(3))} GB`;
  const plain = (value) => (value === 0 ? "0" : Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5 ? shortExponent(value) : String(Number(value.toPrecision(3))));

  // Each graph: names of its curves, in the order of their colours; `.` at the end: all that begin with it.
  const GRAPHS = [
    { name: "loss", title: "Loss", curves: { loss: "Total", instance_loss: "Instance", prior_loss: "Prior", validation_loss: "Validation", validation_trained: "Trained, measured alike", validation_held_out: "Held out", validation_folder: "Validation folder", "concept_losses.": "Concept" }, hidden: ["concept_losses.", "validation_held_out", "validation_folder"], isSmooth: true, canLog: true },
    { name: "lr", title: "Learning rate", curves: { "lr.": "" }, fromZero: true },
    { name: "memory", title: "Memory", curves: { memory_bytes: "GPU", ram_bytes: "RAM" }, format: gigabytes, fromZero: true },
    { name: "speed", title: "Images per second", curves: { images_per_second: "Images/s" }, isSmooth: true, fromZero: true },
    { name: "gradient", title: "Gradient", curves: { grad_norm: "Before clipping" }, isSmooth: true, canLog: true, fromZero: true },
  ];

  function shortExponent(value) {
    return value.toExponential(Number(value.toPrecision(2)) === Number(value.toPrecision(1)) ? 0 : 1).replace("e+", "e");
  }

  /** A curve's name as people read it; concepts are counted from one. */
  function labelOf(view, prefix, label, name) {
    if (name === "memory_bytes" && view.now.device === "cpu") return "RAM at most"; // the device's memory is that of the process
    if (!prefix.endsWith(".")) return label;
    const rest = name.slice(prefix.length);
    return label ? `${label} ${Number(rest) + 1}` : rest.replaceAll("_", " ");
  }

  /** The names that begin so: parts in the order in which they were told, concepts by their number. */
  function namesOf(view, prefix) {
    const names = [...view.curves.keys()].filter((name) => name.startsWith(prefix));
    const order = (name) => Number(name.slice(prefix.length)) || 0;
    return names.sort((one, other) => order(one) - order(other));
  }

  /** The curves of a graph that have values, each with its number, which is its colour and its dash. */
  function pickCurves(view, { curves: known }) {
    const found = [];
    for (const [prefix, label] of Object.entries(known)) {
      const names = prefix.endsWith(".") ? namesOf(view, prefix) : [prefix];
      for (const name of names) {
        const curve = view.curves.get(name);
        if (curve?.values.some((value) => value !== null)) found.push({ ...curve, name, prefix, label: labelOf(view, prefix, label, name) });
      }
    }
    const concepts = found.filter(({ prefix }) => prefix === "concept_losses.");
    const told = concepts.length === 1 ? found.filter((curve) => !concepts.includes(curve)) : found; // of one concept it is the instance loss
    return told.map((curve, index) => ({ ...curve, number: index }));
  }

  /** Whether a curve is without noise, so that smoothing would only make it late. */
  function isSteady({ name }) {
    return name.startsWith("validation_");
  }

  /** One graph with its heading and legend. */
  class GraphCard {
    constructor(panel, spec) {
      this.panel = panel;
      this.spec = spec;
      this.format = spec.format ?? plain;
      this.legend = h("div", { class: "db-legend", role: "group", "aria-label": `Curves of ${spec.title}` });
      this.graph = new trainer.graphs.Graph(panel.page, { title: spec.title, pointed: (step) => panel.point(step) });
      this.element = h("figure", { class: `db-graph db-graph-${spec.name}`, hidden: true },
        h("figcaption", {}, h("h4", {}, spec.title), this.legend), this.graph.element);
      this.buttons = new Map();
    }

    take(view) {
      this.curves = pickCurves(view, this.spec);
      this.element.hidden = !this.curves.length;
    }

    isShown({ name, prefix }) {
      const byDefault = !(this.spec.hidden ?? []).includes(prefix) && !(name === "instance_loss" && !this.curves.some((curve) => curve.name === "prior_loss"));
      return this.panel.shown[name] ?? byDefault;
    }

    draw() {
      if (this.element.hidden) return;
      const shown = this.curves.filter((curve) => this.isShown(curve));
      for (const curve of shown) {
        const weight = this.spec.isSmooth && !isSteady(curve) ? this.panel.smoothing : 0;
        const { steps, values } = this.panel.view.means.get(curve.name) ?? curve;
        curve.line = { steps, values: trainer.scales.smooth(steps, values, weight) };
        curve.hasRaw = weight > 0 || steps !== curve.steps;
      }
      this.shown = shown;
      this.look = {
        isLog: Boolean(this.spec.canLog && this.panel.isLog), fromZero: this.spec.fromZero,
        format: this.format, colours: this.panel.colours, cursor: this.panel.cursor,
      };
      this.graph.show(shown, this.look);
      this.drawLegend();
    }

    drawLegend() {
      for (const curve of this.curves) {
        if (!this.buttons.has(curve.name)) this.addButton(curve);
        const button = this.buttons.get(curve.name);
        button.setAttribute("aria-pressed", String(this.isShown(curve)));
        const text = curve.line ? this.tell(trainer.graphs.valueAt(curve, this.panel.cursor).value) : "";
        const place = button.querySelector(".db-legend-value");
        if (place.textContent !== text) place.textContent = text;
      }
      for (const [name, button] of this.buttons) button.hidden = !this.curves.some((curve) => curve.name === name);
    }

    tell(value) {
      return value === null ? "not a number" : this.format(value);
    }

    addButton({ name, label, number: colour }) {
      const swatch = h("svg", { class: "db-swatch", viewBox: "0 0 26 10", width: 26, height: 10, "aria-hidden": "true" },
        h("line", { x1: 1, x2: 25, y1: 5, y2: 5, "stroke-dasharray": trainer.graphs.dashOf(colour).join(" ") || null, style: `stroke: var(--db-curve-${(colour % 6) + 1})` }));
      const button = h("button", { type: "button", class: "db-legend-curve", "data-press": "page.curve", "data-curve": name, title: "Show or hide this curve" },
        swatch, h("span", {}, label), h("span", { class: "db-legend-value" }));
      this.buttons.set(name, button);
      this.legend.append(button);
    }
  }

  /** All graphs, and what is chosen for them. */
  class GraphPanel {
    constructor(page, view) {
      this.page = page;
      this.view = view;
      this.element = page.find(".db-graphs");
      this.smoothingControl = page.find("#dreambooth_smoothing");
      this.logControl = page.find("#dreambooth_log_scale");
      this.stepTold = page.find(".db-graph-step");
      this.table = page.find(".db-graph-table");
      this.cursor = null;
      this.shown = trainer.looks.get("shown", {});
      this.smoothingControl.value = trainer.looks.get("smoothing", 0.92);
      this.logControl.checked = trainer.looks.get("log", false);
      this.cards = GRAPHS.map((spec) => new GraphCard(this, spec));
      page.find(".db-graph-cards").append(...this.cards.map((card) => card.element));
      this.colours = trainer.graphs.coloursOf(page.root);
      this.listen();
    }

    get smoothing() {
      return Number(this.smoothingControl.value);
    }

    get isLog() {
      return this.logControl.checked;
    }

    listen() {
      this.smoothingControl.addEventListener("input", () => { trainer.looks.set("smoothing", this.smoothing); this.draw(); });
      this.logControl.addEventListener("change", () => { trainer.looks.set("log", this.isLog); this.draw(); });
      this.table.addEventListener("toggle", () => this.drawTable());
      this.page.press("page.curve", (button) => {
        this.shown = { ...this.shown, [button.dataset.curve]: button.getAttribute("aria-pressed") !== "true" };
        trainer.looks.set("shown", this.shown);
        this.draw();
      });
      this.page.press("page.graph_picture", () => this.savePicture());
      new MutationObserver(() => {
        this.colours = trainer.graphs.coloursOf(this.page.root);
        this.draw();
      }).observe(this.page.root, { attributes: true, attributeFilter: ["class"] });
    }

    /** The run has told something new. */
    take() {
      for (const card of this.cards) card.take(this.view);
      this.element.hidden = this.cards.every((card) => card.element.hidden);
      if (!this.element.hidden) this.draw();
    }

    draw() {
      const last = this.view.now?.lifetime_step;
      const step = this.cursor ?? last;
      this.stepTold.textContent = step === null || step === undefined ? "" : `Values at step ${step}${this.cursor === null ? ", the last" : ""}`;
      for (const card of this.cards) card.draw();
      this.drawTable();
    }

    /** Tell the values at this step in every graph; null: the last ones. */
    point(step) {
      if (step === this.cursor) return;
      this.cursor = step;
      this.draw();
    }

    /** The same in words and numbers, for those who do not see the curves. */
    drawTable() {
      if (!this.table.open) return;
      const rows = this.cards.filter((card) => !card.element.hidden).flatMap((card) => card.curves.map((curve) => {
        const known = curve.values.map((value, index) => [value, curve.steps[index]]).filter(([value]) => value !== null);
        const least = known.reduce((one, other) => (other[0] < one[0] ? other : one));
        const most = known.reduce((one, other) => (other[0] > one[0] ? other : one));
        const told = ([value, step]) => h("td", {}, `${card.format(value)} (step ${step})`);
        return h("tr", {}, h("th", { scope: "row" }, `${card.spec.title}: ${curve.label}`), told(known[known.length - 1]), told(least), told(most));
      }));
      this.table.querySelector("tbody").replaceChildren(...rows);
    }

    /** All graphs that are seen, below each other, as one picture. */
    savePicture() {
      const cards = this.cards.filter((card) => !card.element.hidden && card.shown.length);
      const [width, high, head] = [900, 300, 34];
      const canvas = h("canvas", {});
      Object.assign(canvas, { width: 2 * width, height: 2 * (cards.length * (high + head) + head) });
      const context = canvas.getContext("2d");
      context.scale(2, 2);
      context.fillStyle = this.colours.back;
      context.fillRect(0, 0, width, canvas.height);
      const heading = (text, y, size) => {
        context.font = `600 ${size}px ${trainer.graphs.FONT.slice(5)}`;
        context.fillStyle = this.colours.text;
        context.textAlign = "left";
        context.textBaseline = "middle";
        context.fillText(text, 12, y);
        return 12 + context.measureText(text).width;
      };
      const run = this.view.now.run.split("/");
      heading(`${run[0]} · ${run[run.length - 1]}`, head / 2, 15);
      cards.forEach((card, index) => {
        const top = head + index * (high + head);
        this.paintLegend(context, card, heading(card.spec.title, top + head / 2, 14) + 20, top + head / 2);
        trainer.graphs.paint(context, { x: 0, y: top + head, width, height: high }, card.shown, { ...card.look, cursor: null });
      });
      const link = h("a", { href: canvas.toDataURL("image/png"), download: `${run[0]}_graphs.png` });
      link.click();
      this.page.tell("The graphs are saved as a picture by your browser.", "done");
    }

    paintLegend(context, card, x, y) {
      context.font = trainer.graphs.FONT;
      for (const curve of card.shown) {
        context.strokeStyle = this.colours.curves[curve.number % 6];
        context.lineWidth = 2;
        context.setLineDash(trainer.graphs.dashOf(curve.number));
        context.beginPath();
        context.moveTo(x, y);
        context.lineTo(x + 26, y);
        context.stroke();
        context.setLineDash([]);
        context.fillStyle = this.colours.text;
        const text = `${curve.label} ${card.tell(trainer.graphs.valueAt(curve, null).value)}`;
        context.fillText(text, x + 32, y);
        x += 52 + context.measureText(text).width;
      }
    }
  }

  trainer.GraphPanel = GraphPanel;
})();
