"use strict";

// The chosen model: its settings as they are on disk, saved as they are changed, never over somebody else's.

(() => {
  const trainer = window.dreamboothTrainer;
  const SAVE_AFTER_MS = 500;
  const REMEMBERED = "dreambooth_model";
  const SESSION = Math.random().toString(36).slice(2); // changes of one page in a row are one step of the history

  class Chosen {
    constructor(page) {
      this.page = page;
      this.values = null; // all settings, sections nested, and `concepts`
      this.defaults = null; // the same of a new model of this kind
      this.revision = null;
      this.problems = [];
      this.pending = {}; // changed and not yet saved, by dotted name
      this.saving = null;
      this.saveSoon = trainer.debounce(() => this.save(), SAVE_AFTER_MS);
    }

    /** A setting's value by dotted name. */
    get(name, values = this.values) {
      return name.split(".").reduce((place, part) => place?.[part], values);
    }

    /** Choose another model, or none. */
    async choose(name) {
      await this.save();
      this.page.model = name;
      this.values = null;
      this.revision = null;
      this.pending = {};
      if (name) localStorage.setItem(REMEMBERED, name);
      this.page.emit("model", name);
      if (name) await this.load();
    }

    /** Read the settings anew. */
    async load() {
      const name = this.page.model;
      const told = await this.page.call("settings.load", { name });
      if (this.page.model !== name) return; // another was chosen meanwhile
      this.take(told);
    }

    take(told) {
      this.revision = told.revision;
      this.values = told.values;
      this.defaults = told.defaults;
      this.problems = told.problems;
      for (const [name, value] of Object.entries(this.pending)) this.put(name, value);
      this.page.emit("settings", this);
      this.page.emit("problems", this.problems);
    }

    put(name, value) {
      const parts = name.split(".");
      const last = parts.pop();
      parts.reduce((place, part) => place[part], this.values)[last] = value;
    }

    /** Change settings by dotted name; they are saved a moment later. */
    change(values) {
      if (!this.values) return;
      for (const [name, value] of Object.entries(values)) {
        this.put(name, value);
        this.pending[name] = value;
      }
      this.page.emit("saving", "waiting");
      this.page.emit("changed", Object.keys(values));
      this.saveSoon();
    }

    /** Save what is pending now; resolves when it is on disk. */
    async save() {
      while (this.saving) await this.saving;
      if (!this.page.model || this.revision === null || !Object.keys(this.pending).length) return;
      const values = this.pending;
      this.pending = {};
      this.saving = this.send(values);
      try {
        await this.saving;
      } finally {
        this.saving = null;
      }
      if (Object.keys(this.pending).length) await this.save();
    }

    async send(values) {
      const name = this.page.model;
      this.page.emit("saving", "saving");
      try {
        const told = await this.page.call("settings.save", { name, revision: this.revision, session: SESSION, values });
        if (this.page.model !== name) return;
        this.revision = told.revision;
        this.problems = told.problems;
        this.page.emit("saving", "saved");
        this.page.emit("saved", Object.keys(values));
        this.page.emit("problems", this.problems);
      } catch (error) {
        this.page.emit("saving", "refused");
        if (this.page.model === name) await this.refused(values, error);
      }
    }

    async refused(values, error) {
      if (!(error instanceof trainer.Refused)) {
        this.pending = { ...values, ...this.pending }; // the server is away: try again
        this.page.tell(error.message, "error");
        setTimeout(() => this.save(), 3000);
        return;
      }
      const before = this.revision;
      await this.load();
      const isStale = this.revision !== before;
      const again = { label: "Make my change again", action: () => this.change(values) };
      this.page.tell(error.message, "error", isStale ? again : null);
    }

    /** Somebody else saved: show what is there, unless something of ours is on its way. */
    async notice(revision) {
      const isOurs = this.saving || Object.keys(this.pending).length || this.revision === null;
      if (isOurs || revision === null || revision === this.revision) return; // null: the model is gone
      await this.load();
    }
  }

  trainer.part((page) => {
    page.chosen = new Chosen(page);
    page.on("begin", async () => {
      await page.attempt(async () => {
        const { models } = await page.call("models.list");
        page.emit("models", models);
        const remembered = localStorage.getItem(REMEMBERED);
        const usable = models.filter((model) => !model.is_old && !model.fault);
        const first = usable.find((model) => model.name === remembered) || usable[0];
        await page.chosen.choose(first ? first.name : null);
      });
    });
    window.addEventListener("pagehide", () => page.chosen.save());
  });
})();
