"use strict";

// Samples over time: moments from the first to the last, a row each; two of them beside each other; and what
// was asked for. A picture that is there stays where it is until the next one has come.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h } = trainer;
  const ROWS_AT_ONCE = 40;
  const WHOLE_PX = 512;
  const SMALL_PX = 192;

  function keyOf({ path, turn }) {
    return `${turn} ${path}`;
  }

  /** Steps with what was drawn there, in order: {step, pictures}; a picture drawn again replaces the first. */
  function momentsOf(samples) {
    const byStep = new Map();
    for (const sample of samples) {
      if (!byStep.has(sample.step)) byStep.set(sample.step, new Map());
      byStep.get(sample.step).set(sample.path, sample);
    }
    return [...byStep].sort(([one], [other]) => one - other).map(([step, pictures]) => ({ step, pictures: [...pictures.values()] }));
  }

  /** A place for one picture: the next one is shown when it has come, over the one before. */
  class Frame {
    constructor(side, pressed) {
      this.side = side;
      this.key = null;
      this.element = h("button", { type: "button", class: "db-thumb db-frame", onclick: () => pressed(this.sample) });
    }

    show(sample, title) {
      this.sample = sample;
      const key = keyOf(sample);
      if (key === this.key) return;
      this.key = key;
      this.element.setAttribute("aria-label", title);
      this.element.title = title;
      const next = trainer.picture(sample.path, { side: this.side, alt: title });
      const clean = () => { while (this.element.firstChild && this.element.firstChild !== next) this.element.firstChild.remove(); };
      next.addEventListener("load", clean, { once: true });
      while (this.element.children.length > 1) this.element.lastChild.remove(); // one that never came
      this.element.append(next);
    }
  }

  /** Which weights drew a picture, where an average is kept beside the trained ones. */
  function weightWords(weights) {
    return weights ? ` · ${weights === "average" ? "average" : "trained weights"}` : "";
  }

  class SamplePanel {
    constructor(page, view) {
      this.page = page;
      this.view = view;
      this.element = page.find(".db-samples");
      this.slider = page.find("#dreambooth_sample_step");
      this.other = page.find("#dreambooth_sample_other_step");
      this.compare = page.find("#dreambooth_sample_compare");
      this.places = { shown: page.find(".db-sample-shown"), all: page.find(".db-sample-all"), asked: page.find(".db-sample-asked") };
      this.more = page.find("[data-press='page.more_samples']");
      this.compare.checked = trainer.looks.get("compare", false);
      this.forget();
      this.listen();
    }

    forget() {
      this.run = this.view.now?.run ?? null;
      this.turns = new Map(); // path → how often it was drawn
      this.numTaken = 0;
      this.moments = [];
      this.asked = [];
      this.rows = new Map();
      this.frames = new Map();
      this.kept = new Map();
      this.isFollowing = true;
      this.numRows = ROWS_AT_ONCE;
      for (const place of Object.values(this.places)) place.replaceChildren();
    }

    listen() {
      this.slider.addEventListener("input", () => { this.isFollowing = Number(this.slider.value) === this.moments.length - 1; this.drawShown(); });
      this.other.addEventListener("input", () => this.drawShown());
      this.compare.addEventListener("change", () => { trainer.looks.set("compare", this.compare.checked); this.drawShown(); });
      this.page.press("page.sample_step", (button) => {
        this.slider.value = button.dataset.index;
        this.isFollowing = Number(this.slider.value) === this.moments.length - 1;
        this.drawShown();
        this.places.shown.scrollIntoView({ block: "nearest" });
      });
      this.page.press("page.more_samples", () => { this.numRows += ROWS_AT_ONCE; this.drawAll(); });
    }

    /** The run has told something new, or is another one. */
    take() {
      const { samples, now } = this.view;
      if (now.run !== this.run || samples.length < this.numTaken) this.forget();
      if (samples.length === this.numTaken) {
        this.element.hidden = !samples.length;
        return;
      }
      for (const sample of samples.slice(this.numTaken)) this.count(sample);
      this.numTaken = samples.length;
      this.asked = samples.filter((sample) => sample.asked || sample.step === null);
      this.moments = momentsOf(samples.filter((sample) => !this.asked.includes(sample)));
      this.element.hidden = false;
      this.draw();
    }

    /** A file that was drawn anew is another picture. */
    count(sample) {
      const turn = (this.turns.get(sample.path) ?? 0) + 1;
      this.turns.set(sample.path, turn);
      sample.turn = turn;
      if (turn > 1) trainer.forgetPictures([sample.path]);
    }

    titleOf({ prompt, seed, step, weights }) {
      return `${prompt || "(no prompt)"} · seed ${seed}${weightWords(weights)}${step === null ? "" : ` · step ${this.lifetime(step)}`}`;
    }

    lifetime(step) {
      return step + this.view.stepsBefore;
    }

    enlarge(sample) {
      const list = (sample.asked || sample.step === null ? this.asked : this.moments.flatMap(({ pictures }) => pictures))
        .map((each) => ({ path: each.path, title: this.titleOf(each), key: keyOf(each) }));
      trainer.viewPicture(this.page, list, Math.max(0, list.findIndex(({ key }) => key === keyOf(sample))));
    }

    frame(place, sample, side) {
      if (!this.frames.has(place)) this.frames.set(place, new Frame(side, (pressed) => this.enlarge(pressed)));
      const frame = this.frames.get(place);
      frame.show(sample, this.titleOf(sample));
      return frame.element;
    }

    draw() {
      const last = this.moments.length - 1;
      const wasAtEnd = this.isFollowing;
      for (const control of [this.slider, this.other]) control.max = String(Math.max(0, last));
      if (wasAtEnd) this.slider.value = String(last);
      this.page.find(".db-sample-moments").hidden = last < 0;
      this.page.find(".db-sample-choice").hidden = last < 1;
      this.drawShown();
      this.drawAll();
      this.drawAsked();
    }

    /** The moment of the slider, or two of them beside each other. */
    drawShown() {
      if (!this.moments.length) return;
      const isPair = this.compare.checked && this.moments.length > 1;
      this.page.find(".db-sample-other").hidden = !isPair;
      const chosen = [this.moments[Number(this.slider.value)]];
      if (isPair) chosen.unshift(this.moments[Number(this.other.value)]);
      for (const [control, moment] of [[this.slider, chosen[chosen.length - 1]], [this.other, chosen[0]]]) {
        const text = `step ${this.lifetime(moment.step)}`;
        control.setAttribute("aria-valuetext", text);
        this.page.find(`output[for="${control.id}"]`).textContent = text;
      }
      const num = Math.max(...chosen.map(({ pictures }) => pictures.length));
      settle(this.places.shown, Array.from({ length: num }, (_, column) => this.drawPrompt(chosen, column)));
      this.places.shown.classList.toggle("db-pairs", isPair);
      for (const moment of this.moments) this.rows.get(moment.step)?.classList.toggle("db-is-shown", chosen.includes(moment));
    }

    /** The pictures of one prompt: one, or those of two moments beside each other. */
    drawPrompt(chosen, column) {
      const group = this.keep(`prompt ${column}`, () => h("figure", { class: "db-sample-prompt" }, h("div", { class: "db-sample-sides" }), h("figcaption")));
      const drawn = chosen.filter(({ pictures }) => pictures[column]);
      settle(group.firstChild, drawn.map((moment) => {
        const side = chosen.length - chosen.indexOf(moment); // the slider's own is 1, so that it stays when the other comes
        const told = this.keep(`side ${side} ${column}`, () => h("div", { class: "db-sample-side" }, h("span", { class: "db-soft" })));
        const frame = this.frame(`shown ${side} ${column}`, moment.pictures[column], WHOLE_PX);
        if (frame.parentNode !== told) told.prepend(frame);
        told.lastChild.textContent = chosen.length > 1 ? `step ${this.lifetime(moment.step)}` : "";
        return told;
      }));
      const { prompt, seed, weights } = drawn[drawn.length - 1].pictures[column];
      group.lastChild.textContent = `${prompt || "(no prompt)"} · seed ${seed}${weightWords(weights)}`;
      return group;
    }

    /** The element of this name, made when it is asked for first. */
    keep(name, make) {
      if (!this.kept.has(name)) this.kept.set(name, make());
      return this.kept.get(name);
    }

    /** A row for each moment, the newest first. */
    drawAll() {
      const shown = this.moments.slice(-this.numRows);
      this.more.hidden = shown.length === this.moments.length;
      const rows = shown.map((moment, at) => this.drawRow(moment, this.moments.length - shown.length + at)).reverse();
      settle(this.places.all, rows);
    }

    drawRow(moment, index) {
      if (!this.rows.has(moment.step)) {
        const choose = h("button", { type: "button", class: "db-sample-step", "data-press": "page.sample_step" }, String(this.lifetime(moment.step)));
        choose.setAttribute("aria-label", `Show the samples of step ${this.lifetime(moment.step)}`);
        this.rows.set(moment.step, h("div", { class: "db-sample-row" }, choose, h("div", { class: "db-sample-cells" })));
      }
      const row = this.rows.get(moment.step);
      row.firstChild.dataset.index = index;
      settle(row.lastChild, moment.pictures.map((sample, column) => this.frame(`row ${moment.step} ${column}`, sample, SMALL_PX)));
      return row;
    }

    drawAsked() {
      this.page.find(".db-sample-asked-part").hidden = !this.asked.length;
      settle(this.places.asked, this.asked.map((sample, index) => this.frame(`asked ${index}`, sample, SMALL_PX)).reverse());
    }
  }

  /** Make these the children, moving none that is where it belongs, so that nothing flickers or loses focus. */
  function settle(place, wanted) {
    const kept = new Set(wanted);
    for (const child of [...place.children]) if (!kept.has(child)) child.remove();
    wanted.forEach((element, index) => {
      if (place.children[index] !== element) place.insertBefore(element, place.children[index] ?? null);
    });
  }

  trainer.SamplePanel = SamplePanel;
  trainer.settle = settle;
})();
