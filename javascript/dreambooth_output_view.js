"use strict";

// What the browser knows of the run that is shown: the server tells what is new, this keeps the whole.

(() => {
  const trainer = window.dreamboothTrainer;

  /** Points of one curve over lifetime steps; the last of them are told anew each time. */
  class Curve {
    constructor() {
      this.steps = [];
      this.values = [];
      this.numClosed = 0;
    }

    take({ points, open }) {
      const first = (points[0] ?? open[0])?.[0];
      if (first !== undefined) while (this.numClosed && this.steps[this.numClosed - 1] >= first) this.numClosed -= 1;
      this.steps.length = this.values.length = this.numClosed;
      for (const [step, value] of points) this.push(step, value);
      this.numClosed = this.steps.length;
      for (const [step, value] of open) this.push(step, value);
    }

    push(step, value) {
      this.steps.push(step);
      this.values.push(value);
    }
  }

  /** A run as it is told: `now` is what the server said last, curves and samples are put together here. */
  class RunView {
    constructor() {
      this.now = null;
      this.forget();
    }

    forget() {
      this.curves = new Map();
      this.means = new Map(); // of curves that are told by their extremes: averages of the steps between
      this.samples = [];
    }

    /** Take what the server tells; the same answer twice, or an older one late, does no harm. */
    take(told) {
      if (told.is_whole || told.run !== this.now?.run || !told.cursor) this.forget();
      this.now = told;
      if (!told.cursor) return;
      this.samples.length = told.cursor.samples - told.samples.length;
      this.samples.push(...told.samples);
      this.join(this.curves, told.curves);
      this.join(this.means, told.means);
    }

    join(curves, told) {
      for (const [name, points] of Object.entries(told)) {
        if (!curves.has(name)) curves.set(name, new Curve());
        curves.get(name).take(points);
      }
    }

    /** Steps of the model's life before this run. */
    get stepsBefore() {
      const { lifetime_step: lifetime, step } = this.now;
      return lifetime === null || lifetime === undefined ? 0 : lifetime - step;
    }
  }

  const SETTINGS = "dreambooth_output";

  /** What somebody chose of how Output looks; kept in this browser. */
  const looks = {
    get(name, otherwise) {
      return this.all()[name] ?? otherwise;
    },
    set(name, value) {
      localStorage.setItem(SETTINGS, JSON.stringify({ ...this.all(), [name]: value }));
    },
    all() {
      try {
        return JSON.parse(localStorage.getItem(SETTINGS)) ?? {};
      } catch {
        return {};
      }
    },
  };

  Object.assign(trainer, { RunView, looks });
})();
