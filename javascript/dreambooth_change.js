"use strict";

// Change the running training: the settings that may change while it is under way, from its next step on.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h, fields } = trainer;
  const PROMPT = /^concepts\.(\d+)\.(save_sample_prompt|save_sample_negative_prompt)$/;
  const WORDS = { save_sample_prompt: "sample prompt", save_sample_negative_prompt: "sample negative prompt" };

  class Change {
    constructor(page) {
      this.page = page;
      this.box = page.find(".db-change");
      this.prompts = this.box.querySelector(".db-change-prompts");
      this.told = this.box.querySelector(".db-change-told");
      this.keep = page.find("#dreambooth_change_keep");
      this.before = {};
      for (const place of this.box.querySelectorAll(".db-fields")) fields.follow(place, () => {});
    }

    async open() {
      const { values } = await this.page.call("run.live", { name: this.page.model });
      this.before = values;
      this.told.replaceChildren();
      for (const field of this.box.querySelectorAll(".db-field")) {
        field.hidden = !(field.dataset.setting in values);
        if (!field.hidden) {
          fields.setDefault(field, values[field.dataset.setting]); // the way back is to what it is now
          fields.write(field, values[field.dataset.setting], { force: true });
        }
      }
      for (const group of this.box.querySelectorAll(".db-change-group")) group.hidden = !group.querySelector(".db-field:not([hidden])");
      this.prompts.replaceChildren(...Object.keys(values).filter((name) => PROMPT.test(name)).map((name) => this.drawPrompt(name)));
      if (!this.box.open) this.box.showModal();
    }

    drawPrompt(name) {
      const [, index, field] = PROMPT.exec(name);
      const id = `dreambooth_change_${name.replaceAll(".", "_")}`;
      const label = `Concept ${index}: ${WORDS[field]}`;
      return h("div", {}, h("label", { for: id }, label), h("textarea", { id, rows: 1, "data-prompt": name, value: this.before[name], placeholder: field === "save_sample_prompt" ? "as a picture's" : "" }));
    }

    /** What differs from what the training has now; throws Refused when a field is wrong. */
    changed() {
      const told = {};
      for (const place of this.box.querySelectorAll(".db-fields")) Object.assign(told, fields.readAll(place));
      for (const control of this.prompts.querySelectorAll("[data-prompt]")) told[control.dataset.prompt] = control.value.trim();
      return Object.fromEntries(Object.entries(told).filter(([name, value]) => name in this.before && value !== this.before[name]));
    }

    async send() {
      try {
        const values = this.changed();
        if (!Object.keys(values).length) throw new trainer.Refused("Nothing is different from what the training has now.");
        await this.page.call("run.change", { name: this.page.model, values, keep: this.keep.checked });
        this.box.close();
        this.page.tell("Changed from the next step on.", "done");
        if (this.keep.checked) await this.page.chosen.load();
        this.page.poll.now();
      } catch (error) {
        const left = fields.complainAll(this.box, error.message);
        this.told.replaceChildren(...left.map((line) => h("p", { class: "db-note db-bad" }, line)));
      }
    }
  }

  trainer.part((page) => {
    const dialog = new Change(page);
    dialog.box.addEventListener("click", (event) => { if (event.target === dialog.box) dialog.box.close(); });
    page.press("page.change", async () => { await page.chosen.save(); await dialog.open(); });
    page.press("page.change_close", () => dialog.box.close());
    page.press("run.change", () => dialog.send());
  });
})();
