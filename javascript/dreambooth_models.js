"use strict";

// Models: the list, and choosing one of it; a model that goes while it is chosen.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h } = trainer;
  const PREDICTS = { epsilon: "the noise (epsilon)", v_prediction: "the velocity (v_prediction)" };
  const FAMILIES = { sd1: "SD 1.x", sd2: "SD 2.x", sdxl: "SDXL" };

  /** A family as people call it. */
  function familyWords(family) {
    return FAMILIES[family] ?? family;
  }

  /** What a model predicts, in words. */
  function predictsWords(predicts) {
    return PREDICTS[predicts] ?? predicts;
  }

  /** "1 step", "2 steps". */
  function count(number, one, many = `${one}s`) {
    return `${number} ${number === 1 ? one : many}`;
  }

  const drawn = new WeakMap();

  /** Draw into a place only when what it depends on has changed; the focus stays on what does the same. */
  function redraw(place, told, draw) {
    const now = JSON.stringify(told);
    if (drawn.get(place) === now) return;
    drawn.set(place, now);
    const { press, key } = place.contains(document.activeElement) ? document.activeElement.dataset : {};
    place.replaceChildren(...[draw()].flat().filter(Boolean));
    if (press) place.querySelector(`[data-press="${press}"]${key ? `[data-key="${CSS.escape(key)}"]` : ""}`)?.focus();
  }

  class Models {
    constructor(page) {
      this.page = page;
      this.list = [];
      this.shown = null; // whose card is shown: the chosen model, or one that cannot be chosen
      this.isMoving = false; // while the chosen model gets another name, or goes as it was asked to
      this.items = new Map(); // name → its row, for the rows that need no new one
      this.search = page.find(".db-models-search");
    }

    get isSeen() {
      return !this.page.find("#dreambooth_tab_models").hidden;
    }

    find(name) {
      return this.list.find((model) => model.name === name) ?? null;
    }

    get usable() {
      return this.list.filter((model) => !model.is_old && !model.fault);
    }

    /** Ask what is there; all parts of the page hear of it. */
    async refresh() {
      const { models } = await this.page.call("models.list");
      this.page.emit("models", models);
    }

    take(models) {
      this.list = models;
      if (this.shown && !this.find(this.shown)) this.shown = this.page.model;
      this.draw();
    }

    draw() {
      this.page.find(".db-models-none").hidden = this.list.length > 0;
      this.page.find(".db-models-some").hidden = this.list.length === 0;
      const words = this.search.value.trim().toLowerCase();
      const found = this.list.filter((model) => searched(model).includes(words));
      const rows = found.map((model) => this.row(model));
      trainer.settle(this.page.find(".db-model-list"), rows);
      this.page.find(".db-models-told").textContent = found.length ? "" : "No model is called that.";
    }

    row(model) {
      const told = JSON.stringify([model, this.shown === model.name, lastTrained(model)]);
      const known = this.items.get(model.name);
      if (known?.told === told) return known.row;
      const hadFocus = known?.row.contains(document.activeElement);
      const row = this.drawRow(model);
      this.items.set(model.name, { told, row });
      if (hadFocus) requestAnimationFrame(() => row.firstChild.focus({ preventScroll: true }));
      return row;
    }

    drawRow(model) {
      const facts = model.is_old ? "model of the old extension" : model.fault ? ""
        : [familyWords(model.family), model.lifetime_steps > 0 && count(model.lifetime_steps, "step"), lastTrained(model)].filter(Boolean).join(" · ");
      return h("li", {}, h("button", {
        type: "button", class: "db-model-item", "data-press": "page.model_choose", "data-key": model.name, "aria-pressed": String(this.shown === model.name),
      },
      model.thumbnail ? trainer.picture(model.thumbnail, { side: 128, alt: "" }) : h("span", { class: "db-no-thumb", "aria-hidden": "true" }, initial(model.name)),
      h("span", { class: "db-model-words" },
        h("strong", {}, model.name), h("span", { class: "db-soft" }, facts),
        model.is_old && h("span", { class: "db-tag" }, "can be imported"),
        model.fault && h("span", { class: "db-tag db-bad-tag" }, "cannot be read"),
        model.adapter && h("span", { class: "db-tag" }, adapterWords(model.adapter)))));
    }

    /** Choose a model; one that cannot be trained is only shown. */
    async choose(name) {
      const model = this.find(name);
      if (model.is_old || model.fault) {
        this.shown = name;
        this.draw();
        this.page.emit("model shown", name);
        return;
      }
      await this.page.chosen.choose(name);
    }

    /** After the chosen one went: the next that can be trained, or none. */
    async chooseNext() {
      await this.refresh();
      this.page.chosen.pending = {}; // there is nothing left to save them in
      await this.page.chosen.choose(this.usable[0]?.name ?? null);
    }

    /** Do something that makes the chosen model go by its name, without taking fright. */
    async moving(action) {
      this.isMoving = true;
      try {
        return await action();
      } finally {
        this.isMoving = false;
      }
    }

    /** Somebody deleted the folder of the chosen model, or renamed it. */
    async vanished(name) {
      if (this.isMoving) return;
      await this.moving(async () => {
        await this.refresh();
        if (this.page.model !== name || this.find(name)) return;
        this.page.tell(`${name} is not there any more: its folder was deleted or renamed.`, "error");
        await this.chooseNext();
      });
    }
  }

  function searched(model) {
    return `${model.name} ${model.source ?? ""} ${familyWords(model.family)}`.toLowerCase();
  }

  function initial(name) {
    return [...name][0].toUpperCase();
  }

  function lastTrained(model) {
    return model.last_trained ? trainer.ago(model.last_trained) : "not trained yet";
  }

  function adapterWords(adapter) {
    return { lora: "LoRA", loha: "LoHa", lokr: "LoKr" }[adapter] ?? adapter;
  }

  /** Somebody who was never here and has no model begins with making one. */
  function startFirstVisit(page) {
    let isBeginning = true;
    page.on("models", (models) => {
      if (isBeginning && page.isFirstVisit && models.length === 0) page.openTab("create");
      isBeginning = false;
    });
  }

  Object.assign(trainer, { redraw, familyWords, predictsWords, adapterWords, count });
  trainer.part((page) => {
    const models = new Models(page);
    page.models = models;
    startFirstVisit(page);
    models.search.addEventListener("input", () => models.draw());
    page.on("models", (list) => models.take(list));
    page.on("model", (name) => { models.shown = name; models.draw(); });
    page.on("models changed", () => page.attempt(async () => {
      await models.refresh();
      if (!page.model && models.usable.length && !models.isMoving) await page.chosen.choose(models.usable[0].name);
    }));
    page.on("state", (state) => {
      if (page.model && state.model === null) page.attempt(() => models.vanished(page.model));
    });
    page.on("tab", (name) => { if (name === "models" && models.list.length) page.attempt(() => models.refresh()); });
    page.press("page.model_choose", (button) => models.choose(button.dataset.key));
    page.press("page.to_create", () => page.openTab("create"));
  });
})();
