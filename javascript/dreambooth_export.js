"use strict";

// Generate checkpoint: the dialog that writes the model, or one of its saved steps, for other programs.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h, fields } = trainer;

  class Export {
    constructor(page) {
      this.page = page;
      this.box = page.find(".db-export");
      this.form = this.box.querySelector(".db-fields");
      this.told = this.box.querySelector(".db-export-told");
      this.card = null;
      // A saved step is chosen, not typed: the field keeps the path, a list in its place shows the steps.
      this.save = fields.controlOf(this.field("weights"));
      this.steps = h("select", { "aria-label": "What is written" });
      this.save.hidden = true;
      this.save.after(this.steps);
      this.steps.addEventListener("change", () => { fields.write(this.field("weights"), this.steps.value, { force: true }); this.limitFormats(); });
      fields.follow(this.form, () => {});
    }

    field(name) {
      return this.form.querySelector(`.db-field[data-setting="${name}"]`);
    }

    async open(path = "") {
      await this.page.chosen.save();
      const card = await this.page.call("models.card", { name: this.page.model });
      if (this.card?.name !== card.name) fields.write(this.field("to"), "", { force: true });
      this.card = card;
      this.told.replaceChildren();
      this.steps.replaceChildren(
        h("option", { value: "" }, `${card.name} as it is, ${trainer.count(card.lifetime_steps, "step")}${card.adapter ? `, with its ${trainer.adapterWords(card.adapter)}` : ""}`),
        ...card.saves.map((save) => h("option", { value: save.path }, `saved step ${save.step}${save.is_lora ? ", an adapter" : ""}`)));
      this.steps.value = path;
      fields.write(this.field("weights"), path, { force: true });
      this.limitFormats();
      if (!this.box.open) this.box.showModal();
    }

    /** A LoRA alone can be written only where there is one. */
    limitFormats() {
      const save = this.card.saves.find((each) => each.path === this.save.value);
      const hasLora = save ? save.is_lora : Boolean(this.card.adapter);
      const format = fields.controlOf(this.field("format"));
      for (const option of format.options) option.disabled = option.value.startsWith("lora") && !hasLora;
      if (format.selectedOptions[0].disabled) fields.write(this.field("format"), "checkpoint", { force: true });
    }

    /** Write the file. What goes wrong stands in the dialog, which lies over the messages of the page. */
    async start() {
      const { name } = this.card;
      const words = h("p", { class: "db-soft" });
      this.told.replaceChildren(words);
      try {
        const { run } = await trainer.askForm(this.page, this.form, "export.start", (values) => ({ ...values, name }));
        const result = await trainer.followJob(this.page, run, (view) => { words.textContent = trainer.progressWords(view); });
        this.told.replaceChildren(h("div", { class: "db-note db-good" }, h("p", {}, `Written, ${trainer.bytes(result.bytes)}:`), h("code", { class: "db-path" }, result.path)));
        if (!this.box.open) this.page.tell(`Written: ${result.path}`, "done");
      } catch (error) {
        this.fail(error.message.split("\n"));
        if (!this.box.open) throw error;
      }
    }

    fail(lines) {
      this.told.replaceChildren(...lines.map((line) => h("p", { class: "db-note db-bad" }, line)));
    }
  }

  trainer.part((page) => {
    const dialog = new Export(page);
    page.openExport = (path) => dialog.open(path);
    dialog.box.addEventListener("click", (event) => { if (event.target === dialog.box) dialog.box.close(); });
    page.press("page.export", () => dialog.open());
    page.press("page.export_close", () => dialog.box.close());
    page.press("export.start", () => dialog.start());
  });
})();
