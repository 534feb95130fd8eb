"use strict";

// The card of a model: what it is, what it learnt, what it takes on disk, and what can be done with it.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h, redraw, count } = trainer;
  const FEW = 6; // rows of a long part that are shown at first
  const AGAIN_MS = 10_000; // while something is at work on the model
  const OUTCOMES = { done: "done", stopped: "stopped", paused: "paused", discarded: "discarded", refused: "refused", failed: "failed", lost: "ended without a word" };
  const PARTS = {
    working: "Weights as trained", checkpoints: "Saved steps", samples: "Samples", cache: "Cache, which is made again", runs: "Runs and their states",
    backups: "Backups", classifiers: "Class images", other: "All else",
  };

  class Card {
    constructor(page) {
      this.page = page;
      this.card = null;
      this.asked = 0;
      this.loaded = 0; // when, in ms
      this.seenState = "";
      this.root = page.find(".db-model-card");
      this.opened = new Set(); // long parts that are shown whole
    }

    place(kind) {
      return this.root.querySelector(kind);
    }

    /** Ask anew for what is known of the shown model. */
    async load() {
      const { models } = this.page;
      const name = models.shown;
      const number = ++this.asked;
      if (!name || !models.isSeen) return;
      this.loaded = Date.now();
      let card;
      try {
        card = await this.page.call("models.card", { name });
      } catch (error) {
        if (number !== this.asked) return;
        if (!(error instanceof trainer.Refused)) throw error;
        await models.vanished(name);
        if (models.shown !== name) await this.load();
        return;
      }
      if (number === this.asked && name === models.shown) this.draw(card);
    }

    /** Look again when what is polled says that something is different. */
    notice(state) {
      const now = JSON.stringify([state.model, state.alive, state.resumable, state.view?.status, state.view?.checkpoints?.length]);
      const isOther = now !== this.seenState;
      this.seenState = now;
      if (isOther) this.page.emit("saves changed");
      if (isOther || (state.alive && Date.now() - this.loaded > AGAIN_MS)) this.page.attempt(() => this.load());
    }

    hide() {
      this.card = null;
      this.root.hidden = true;
    }

    draw(card) {
      if (this.card?.name !== card.name) this.opened.clear();
      this.card = card;
      this.root.hidden = false;
      const isUsable = !card.is_old && !card.fault;
      redraw(this.place(".db-model-head"), [card.name, card.thumbnail, card.adapter, card.is_old], () => drawHead(this.page, card));
      redraw(this.place(".db-model-notes"), [card.name, card.fault, card.is_old, card.resumable], () => drawNotes(card));
      this.drawFacts();
      redraw(this.place(".db-disk-use"), [card.name, card.disk_use], () => drawDisk(card));
      this.drawSaves();
      this.drawRuns();
      for (const kind of [".db-saves", ".db-model-runs"]) this.place(kind).parentElement.hidden = !isUsable;
      this.place("[data-press='models.duplicate']").disabled = !isUsable;
      this.drawStart();
    }

    drawFacts() {
      const facts = factsOf(this.card);
      redraw(this.place(".db-model-facts"), facts, () => facts.flatMap(([label, words, title]) => [h("dt", {}, label), h("dd", { title }, words)]));
    }

    drawSaves() {
      const { name, saves, lifetime_steps: steps } = this.card;
      const shown = this.some("saves", saves, "page.all_saves");
      const told = [name, steps, shown.map((save) => [save, trainer.ago(save.saved)])];
      redraw(this.place(".db-saves"), told, () => (shown.length
        ? h("ul", { class: "db-save-list" }, shown.map((save) => drawSave(this.page, saves, save, save.step === steps)))
        : h("p", { class: "db-soft" }, "None yet: a training saves them as the tab Saving says.")));
    }

    drawRuns() {
      const shown = this.some("runs", this.card.runs, "page.all_runs");
      const rows = shown.map((run) => [trainer.jobTitle(run.job), trainer.ago(run.started), outcomeWords(run), stepWords(run), run.run]);
      redraw(this.place(".db-model-runs"), [this.card.name, rows], () => (rows.length
        ? trainer.table(["Job", "Began", "How it ended", "Steps", "Output"], rows.map(([job, began, ended, steps, run]) => [job, began, ended, steps,
          h("button", { type: "button", "data-press": "page.show_run", "data-run": run, "data-key": run, "aria-label": `Show ${job}, ${began}, in Output` }, "Show")]))
        : h("p", { class: "db-soft" }, "Nothing was done with it yet.")));
    }

    /** The first rows of a part, or all once they were asked for. */
    some(part, rows, press) {
      const isWhole = this.opened.has(part) || rows.length <= FEW;
      const more = this.place(`[data-press="${press}"]`);
      more.hidden = isWhole;
      more.textContent = `Show all ${rows.length}`;
      return isWhole ? rows : rows.slice(0, FEW);
    }

    showAll(part) {
      this.opened.add(part);
      if (part === "saves") this.drawSaves();
      else this.drawRuns();
    }

    /** Whether the next training goes on with the adapter. */
    drawStart() {
      const { page, card } = this;
      const isChosen = card && card.name === page.model && page.chosen.values;
      const place = this.place(".db-adapter-start");
      place.hidden = !(isChosen && card.adapter);
      if (place.hidden) return;
      const start = page.chosen.get("lora.start");
      for (const choice of place.querySelectorAll(".db-adapter-choice")) choice.checked = choice.value === start;
      this.place(".db-adapter-told").textContent = page.chosen.get("adapter") === "none"
        ? "This counts when an adapter is chosen under Settings; there the next training is one of the full model." : "";
    }
  }

  function drawHead(page, card) {
    const view = () => trainer.viewPicture(page, [{ path: card.thumbnail, title: `${card.name}: the last sample` }], 0);
    return [
      card.thumbnail && h("button", { type: "button", class: "db-thumb", "aria-label": "Show the last sample large", onclick: view }, trainer.picture(card.thumbnail, { side: 192, alt: "" })),
      h("div", {}, h("h2", {}, card.name),
        card.is_old && h("span", { class: "db-tag" }, "old extension"),
        card.adapter && h("span", { class: "db-tag" }, `with a ${trainer.adapterWords(card.adapter)}`)),
    ];
  }

  function drawNotes(card) {
    const resumable = card.resumable;
    return [
      card.is_old && h("div", { class: "db-note db-row" },
        h("span", { class: "db-grow" }, "A model of the old extension. Importing makes one of this trainer from it, with its settings and pictures; the old one stays as it is."),
        h("button", { type: "button", class: "db-primary", "data-press": "page.import_this" }, "Import it")),
      card.fault && h("p", { class: "db-note db-bad" }, card.fault),
      resumable && h("p", { class: "db-note" }, `A training of it was interrupted at step ${resumable.step}${resumable.num_steps ? ` of ${resumable.num_steps}` : ""}: press Resume above to go on.`),
    ];
  }

  /** [label, words, what a pointer tells]. */
  function factsOf(card) {
    const trained = card.lifetime_steps
      ? `${count(card.lifetime_steps, "step")} in ${count(card.lifetime_epochs, "epoch")}` : "not yet";
    const known = card.is_old || card.fault ? [] : [
      ["Made from", card.source || "not known", card.source_hash ? `SHA-256 ${card.source_hash}` : null],
      ["Architecture", `${trainer.familyWords(card.family)}, for ${card.native_resolution} px`],
      ["Predicts", trainer.predictsWords(card.predicts)],
      ["Trained", card.last_trained ? `${trained}; last ${trainer.ago(card.last_trained)}` : trained],
    ];
    return [...known, ["Folder", card.path]];
  }

  function drawDisk(card) {
    const parts = Object.entries(card.disk_use).filter(([, size]) => size > 0).sort(([, one], [, other]) => other - one);
    const most = parts.length ? parts[0][1] : 1;
    const bar = (size) => h("span", { class: "db-bar", "aria-hidden": "true" }, h("span", { style: `width: ${Math.max(0.5, (100 * size) / most)}%` }));
    return [
      h("table", { class: "db-table db-disk-parts" },
        h("thead", { class: "db-unseen" }, h("tr", {}, ["Part", "Share", "Size"].map((title) => h("th", { scope: "col" }, title)))),
        h("tbody", {}, parts.map(([part, size]) => h("tr", {}, h("th", { scope: "row" }, PARTS[part] ?? part), h("td", {}, bar(size)), h("td", {}, trainer.bytes(size))))),
        h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, "Together"), h("td"), h("td", {}, trainer.bytes(card.bytes))))),
    ];
  }

  function drawSave(page, saves, save, isCurrent) {
    const title = `Step ${save.step}`;
    const seen = saves.filter((each) => each.preview).map((each) => ({ path: each.preview, title: `Step ${each.step}` }));
    const view = () => trainer.viewPicture(page, seen, seen.findIndex((each) => each.path === save.preview));
    const act = (press, words, told) => h("button", { type: "button", "data-press": press, "data-key": save.path, "aria-label": `${words}: step ${save.step}`, title: told }, words);
    return h("li", { class: "db-save" },
      save.preview ? h("button", { type: "button", class: "db-thumb", "aria-label": `Show the preview of step ${save.step} large`, onclick: view }, trainer.picture(save.preview, { side: 128, alt: "" }))
        : h("span", { class: "db-no-thumb", title: "no preview" }, "–"),
      h("div", { class: "db-save-words" }, h("strong", {}, title), isCurrent && h("span", { class: "db-tag" }, "the model is here"), save.kind !== "checkpoint" && h("span", { class: "db-tag" }, save.kind),
        h("span", { class: "db-soft" }, `${trainer.bytes(save.bytes)} · ${trainer.ago(save.saved)}`)),
      h("div", { class: "db-row" },
        act("models.restore", "Go back to it", "Its weights become the model's own again"),
        act("page.use_save", "Use in Generate", "Draw pictures with it"),
        act("page.export_save", "Export", "A file for your webui from it")));
  }

  function outcomeWords(run) {
    return run.outcome ? OUTCOMES[run.outcome] : "under way";
  }

  function stepWords(run) {
    if (run.step === null) return "–";
    return run.num_steps && run.num_steps !== run.step ? `${run.step} of ${run.num_steps}` : String(run.step);
  }

  trainer.part((page) => {
    const card = new Card(page);
    page.modelCard = card;
    const load = () => page.attempt(() => card.load());
    page.on("model", (name) => { if (name === null) card.hide(); else load(); });
    page.on("model shown", load);
    page.on("models", () => { if (!page.models.shown) card.hide(); });
    page.on("models changed", load);
    page.on("tab", (name) => { if (name === "models") load(); });
    page.on("state", (state) => card.notice(state));
    page.on("settings", () => card.drawStart());
    page.on("changed", () => card.drawStart());
    page.press("page.all_saves", () => card.showAll("saves"));
    page.press("page.all_runs", () => card.showAll("runs"));
    page.find(".db-adapter-start").addEventListener("change", (event) => {
      page.chosen.change({ "lora.start": event.target.value });
      page.emit("settings", page.chosen); // the same setting stands under Settings, too
    });
  });
})();
