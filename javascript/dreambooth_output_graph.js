"use strict";

// A graph of curves over steps, drawn on a canvas as sharp as the screen is.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h } = trainer;
  const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3], [4, 2], [12, 4]];
  const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif';
  const EDGE = { top: 8, right: 12, bottom: 22 };

  /** The dash of a curve's number: besides its colour, so that nobody has to tell colours apart. */
  function dashOf(number) {
    return DASHES[number % DASHES.length];
  }

  /** What a curve's line says at a step, or nearest to it; at its end for null. */
  function valueAt({ line: { steps, values } }, step) {
    const at = step === null ? steps.length - 1 : trainer.scales.nearest(steps, step);
    return { step: steps[at], value: values[at] };
  }

  /** The colours of the page's theme now. */
  function coloursOf(root) {
    const style = getComputedStyle(root);
    const colour = (name) => style.getPropertyValue(`--db-${name}`).trim();
    return {
      back: colour("panel"), text: colour("text"), soft: colour("soft"), line: colour("line"), strong: colour("strong-line"),
      curves: [1, 2, 3, 4, 5, 6].map((number) => colour(`curve-${number}`)),
    };
  }

  /**
   * Paint curves into a box of a 2D context; returns how steps become places, or null when there is nothing.
   * A curve is {number, steps, values, line: {steps, values}, hasRaw}: its line, and with hasRaw its values behind.
   * How it looks: {isLog, fromZero, format, colours, cursor}.
   */
  function paint(context, box, curves, look) {
    const range = trainer.scales.rangeOf(curves, look);
    if (!range) return null;
    context.font = FONT;
    const { logTicks, linearTicks } = trainer.scales;
    const ticks = look.isLog ? logTicks(range.low, range.high, box.height / 28) : linearTicks(range.low, range.high, Math.max(3, box.height / 40));
    const labels = ticks.map(look.format);
    const left = 10 + Math.max(...labels.map((label) => context.measureText(label).width), 12);
    const plot = { x: box.x + left, y: box.y + EDGE.top, width: box.width - left - EDGE.right, height: box.height - EDGE.top - EDGE.bottom };
    const steps = stepRange(curves);
    const toX = (step) => plot.x + ((step - steps.low) / (steps.high - steps.low)) * plot.width;
    const along = look.isLog ? Math.log : (value) => value;
    const bottom = along(range.low);
    const toY = (value) => plot.y + plot.height - ((along(value) - bottom) / (along(range.high) - bottom)) * plot.height;
    paintAxes(context, plot, look.colours, { ticks, labels, toY, toX, steps });
    context.save();
    context.beginPath();
    context.rect(plot.x, plot.y - 1, plot.width, plot.height + 2);
    context.clip();
    for (const curve of curves) paintCurve(context, curve, look, toX, toY);
    context.restore();
    if (look.cursor !== null) paintCursor(context, plot, curves, look, toX, toY);
    return { plot, steps, toX };
  }

  function stepRange(curves) {
    const low = Math.min(...curves.map(({ steps }) => steps[0]));
    const high = Math.max(...curves.map(({ steps }) => steps[steps.length - 1]));
    return high > low ? { low, high } : { low: low - 1, high: high + 1 };
  }

  function paintAxes(context, plot, colours, { ticks, labels, toY, toX, steps }) {
    context.lineWidth = 1;
    context.fillStyle = colours.soft;
    context.strokeStyle = colours.line;
    context.textAlign = "right";
    context.textBaseline = "middle";
    ticks.forEach((tick, index) => {
      const y = Math.round(toY(tick)) + 0.5;
      line(context, plot.x, y, plot.x + plot.width, y);
      context.fillText(labels[index], plot.x - 6, y);
    });
    context.strokeStyle = colours.strong;
    line(context, plot.x, plot.y + plot.height + 0.5, plot.x + plot.width, plot.y + plot.height + 0.5);
    context.textBaseline = "top";
    for (const step of trainer.scales.wholeTicks(steps.low, steps.high, Math.max(3, plot.width / 80))) {
      const x = Math.round(toX(step)) + 0.5;
      line(context, x, plot.y + plot.height, x, plot.y + plot.height + 4);
      const half = context.measureText(String(step)).width / 2;
      context.textAlign = "center";
      context.fillText(String(step), Math.min(x, plot.x + plot.width + EDGE.right - half), plot.y + plot.height + 7);
    }
  }

  function line(context, fromX, fromY, toX, toY) {
    context.beginPath();
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
    context.stroke();
  }

  function paintCurve(context, { number, steps, values, line: drawn, hasRaw }, look, toX, toY) {
    context.strokeStyle = look.colours.curves[number % look.colours.curves.length];
    context.lineJoin = "round";
    if (hasRaw) {
      context.globalAlpha = values.length > toX(steps[steps.length - 1]) - toX(steps[0]) ? 0.14 : 0.28; // many of them fill the frame
      context.lineWidth = 1;
      trace(context, steps, values, look.isLog, toX, toY);
    }
    context.globalAlpha = 1;
    context.lineWidth = 2;
    context.setLineDash(dashOf(number));
    trace(context, drawn.steps, drawn.values, look.isLog, toX, toY);
    context.setLineDash([]);
  }

  /** One path through the points; where a value is none there is a gap, and a point alone is a dot. */
  function trace(context, steps, values, isLog, toX, toY) {
    context.beginPath();
    let isDown = false;
    for (let index = 0; index < steps.length; index += 1) {
      const value = values[index];
      if (value === null || (isLog && value <= 0)) {
        isDown = false;
        continue;
      }
      const x = toX(steps[index]);
      const y = toY(value);
      if (isDown) context.lineTo(x, y);
      else context.moveTo(x, y);
      if (!isDown && (index + 1 === steps.length || values[index + 1] === null)) context.lineTo(x + 0.1, y);
      isDown = true;
    }
    context.lineCap = "round";
    context.stroke();
    context.lineCap = "butt";
  }

  function paintCursor(context, plot, curves, look, toX, toY) {
    const x = Math.min(Math.max(toX(look.cursor), plot.x), plot.x + plot.width);
    context.strokeStyle = look.colours.strong;
    line(context, Math.round(x) + 0.5, plot.y, Math.round(x) + 0.5, plot.y + plot.height);
    for (const curve of curves) {
      const { step, value } = valueAt(curve, look.cursor);
      if (value === null || (look.isLog && value <= 0)) continue;
      const y = Math.min(Math.max(toY(value), plot.y), plot.y + plot.height);
      context.beginPath();
      context.arc(toX(step), y, 4, 0, 2 * Math.PI);
      context.fillStyle = look.colours.curves[curve.number % look.colours.curves.length];
      context.fill();
      context.strokeStyle = look.colours.back;
      context.stroke();
    }
  }

  /** A graph on the page: it follows its own size, and tells the step that somebody points at. */
  class Graph {
    constructor(page, { title, pointed }) {
      this.page = page;
      this.pointed = pointed;
      this.curves = [];
      this.places = null;
      this.canvas = h("canvas", { "aria-hidden": "true" });
      this.element = h("div", {
        class: "db-graph-canvas", role: "slider", tabindex: 0, "aria-label": `${title}: the step whose values are told`,
        "aria-orientation": "horizontal", "aria-valuemin": 0, "aria-valuemax": 0, "aria-valuenow": 0, "aria-valuetext": "no values yet",
      }, this.canvas);
      this.element.addEventListener("pointermove", (event) => this.point(event));
      this.element.addEventListener("pointerdown", (event) => this.point(event));
      this.element.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") this.pointed(null); });
      this.element.addEventListener("keydown", (event) => this.key(event));
      this.element.addEventListener("blur", () => this.pointed(null));
      this.isAsked = false;
      new ResizeObserver(() => this.soon()).observe(this.element);
    }

    /** Show these curves from now on. */
    show(curves, look) {
      this.curves = curves;
      this.look = look;
      this.soon();
    }

    soon() {
      if (this.isAsked) return;
      this.isAsked = true;
      requestAnimationFrame(() => {
        this.isAsked = false;
        this.draw();
      });
    }

    draw() {
      const { clientWidth: width, clientHeight: height } = this.element;
      if (!width || !height || !this.look) return; // hidden
      const ratio = window.devicePixelRatio || 1;
      const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (this.canvas.width !== wide || this.canvas.height !== high) Object.assign(this.canvas, { width: wide, height: high });
      const context = this.canvas.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      this.places = this.curves.length ? paint(context, { x: 0, y: 0, width, height }, this.curves, this.look) : null;
      this.tellSlider();
    }

    /** The longest list of steps: where the arrow keys stop. */
    get steps() {
      return this.curves.reduce((longest, { line: { steps } }) => (steps.length > longest.length ? steps : longest), []);
    }

    tellSlider() {
      const { steps } = this;
      if (!steps.length) return;
      const at = this.look.cursor ?? steps[steps.length - 1];
      const values = this.curves.map((curve) => {
        const { value } = valueAt(curve, at);
        return `${curve.label} ${value === null ? "not a number" : this.look.format(value)}`;
      });
      const told = { min: steps[0], max: steps[steps.length - 1], now: at, text: `step ${at}: ${values.join(", ")}` };
      for (const [key, value] of Object.entries(told)) this.element.setAttribute(`aria-value${key}`, value);
    }

    point(event) {
      if (!this.places) return;
      const { plot, steps } = this.places;
      const x = event.clientX - this.element.getBoundingClientRect().left;
      const step = steps.low + ((x - plot.x) / plot.width) * (steps.high - steps.low);
      this.pointed(this.steps[trainer.scales.nearest(this.steps, step)]);
    }

    key(event) {
      const { steps } = this;
      if (!steps.length) return;
      const last = steps.length - 1;
      const at = this.look.cursor === null ? last : trainer.scales.nearest(steps, this.look.cursor);
      const far = Math.max(1, Math.round(steps.length / 10));
      const to = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageDown: at - far, PageUp: at + far, Home: 0, End: last }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.pointed(steps[Math.min(Math.max(to, 0), last)]);
    }
  }

  trainer.graphs = { Graph, paint, valueAt, coloursOf, dashOf, FONT };
})();
