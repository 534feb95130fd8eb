"use strict";

// Concepts: one of them at a time in the form; counts, thumbnails and prompts follow what stands there.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h, fields } = trainer;

  class Concepts {
    constructor(page) {
      this.page = page;
      this.index = 0;
      this.form = page.find(".db-groups[data-form='concept']");
      this.fields = new Map([...this.form.querySelectorAll(".db-field")].map((field) => [field.dataset.setting, field]));
      this.asked = 0;
      this.askSoon = trainer.debounce(() => this.ask(), 350);
      this.drawn = {};
    }

    get list() {
      return this.page.chosen.values?.concepts ?? [];
    }

    get current() {
      return this.list[this.index] ?? null;
    }

    get isSeen() {
      return !this.page.find("#dreambooth_tab_concepts").hidden;
    }

    /** Show what the settings say, keeping what somebody is typing. */
    draw() {
      this.index = Math.max(0, Math.min(this.index, this.list.length - 1));
      this.page.find(".db-concept-none").hidden = this.list.length > 0 || !this.page.model;
      this.page.find(".db-concept-some").hidden = this.list.length === 0;
      this.drawList();
      if (!this.current) return;
      for (const [name, field] of this.fields) fields.write(field, this.current[name]);
      this.page.pictureFolders = this.list.flatMap((concept) => [concept.instance_data_dir, concept.class_data_dir, concept.preservation_data_dir]).filter(Boolean);
      this.complain();
      this.askSoon();
    }

    drawList() {
      const names = this.list.map((concept, index) => nameOf(concept, index));
      const told = JSON.stringify([names, this.index]);
      if (told === this.drawn.list) return;
      this.drawn.list = told;
      this.page.find(".db-concept-list").replaceChildren(...names.map((name, index) => h("button", {
        type: "button", class: "db-concept-name", "aria-pressed": String(index === this.index),
        "data-press": "page.concept_choose", "data-index": index,
      }, name)));
      this.page.find("[data-press='concepts.move']").disabled = this.index === 0;
    }

    choose(index) {
      this.index = index;
      for (const field of this.fields.values()) delete field.dataset.dirty;
      this.draw();
      this.page.emit("concept", index);
    }

    /** The other settings of the concepts as they are, one field of the current one changed. */
    change(name, value) {
      const list = this.list.map((concept, index) => (index === this.index ? { ...concept, [name]: value } : concept));
      this.page.chosen.change({ concepts: list });
      this.drawList();
      this.askSoon();
    }

    complain() {
      for (const field of this.fields.values()) if (!fields.read(field).fault) fields.complain(field, null);
      for (const { setting, advice } of this.page.chosen.problems) {
        const [, index, name] = setting.split(".");
        if (setting.startsWith("concepts.") && Number(index) === this.index && this.fields.has(name)) {
          fields.complain(this.fields.get(name), advice, "problem");
        }
      }
    }

    /** Ask for counts and prompts of what stands in the form. */
    async ask() {
      if (!this.isSeen || !this.current) return;
      const number = ++this.asked;
      const name = this.page.model;
      try {
        const [summary, prompts] = await Promise.all([
          this.page.call("concepts.summary", { name, index: this.index, concept: this.current }),
          this.page.call("concepts.prompts", { name, method: this.page.chosen.get("method"), concepts: this.list }),
        ]);
        if (number !== this.asked) return;
        this.drawSummary(summary);
        this.drawPrompts(prompts.concepts[this.index], prompts.notes);
        if (!(summary.complete && prompts.complete)) setTimeout(() => { if (number === this.asked) this.ask(); }, 1000);
      } catch (error) {
        if (number === this.asked) this.page.find(".db-concept-summary").replaceChildren(h("p", { class: "db-note db-bad" }, error.message));
      }
    }

    drawSummary(summary) {
      const sizes = Object.entries(summary.sizes).map(([size, count]) => `${count} × ${size}`).join(", ");
      const lines = [h("p", {}, h("strong", {}, `${summary.images} pictures`), `, ${summary.captions} with a caption`, summary.preservation ? `; ${summary.preservation} real ${summary.preservation === 1 ? "picture keeps" : "pictures keep"} the rest` : "",
        sizes ? `; trained as ${sizes}` : "", summary.complete === false ? " (still counting …)" : "")];
      for (const problem of summary.problems) lines.push(h("p", { class: "db-note db-warn" }, problem));
      this.put("summary", ".db-concept-summary", summary, lines);
      const { have, need, will_generate: missing } = summary.class_images;
      const words = need === 0 ? "No class images are used." : `${have} there, ${need} needed, ${missing} will be generated before training.`;
      this.put("classes", ".db-class-counts", words, [h("p", { class: "db-note" }, words)]);
      const list = summary.pictures.map((path) => ({ path, title: fileName(path) }));
      this.put("strip", ".db-strip", list, list.map(({ path, title }, index) => h("button", {
        type: "button", class: "db-thumb", title, onclick: () => trainer.viewPicture(this.page, list, index),
      }, trainer.picture(path, { side: 192, alt: title }))));
    }

    drawPrompts(told, notes) {
      const rows = told.prompts.map((prompt) => h("tr", {},
        h("th", { scope: "row" }, fileName(prompt.picture)), h("td", {}, prompt.instance),
        h("td", {}, prompt.read < prompt.tokens ? `${prompt.read} of ${prompt.tokens}` : prompt.tokens), h("td", {}, prompt.class ?? "–"), h("td", {}, prompt.sample)));
      const table = h("div", { class: "db-scroll", tabindex: 0, role: "group", "aria-label": "Prompts" },
        h("table", { class: "db-table" },
          h("thead", {}, h("tr", {}, ["Picture", "Instance prompt", "Tokens", "Class prompt", "Preview"].map((title) => h("th", { scope: "col" }, title)))),
          h("tbody", {}, rows)));
      const warnings = told.warnings.map((warning) => h("p", { class: "db-note db-warn" }, warning));
      const rest = told.distinct > rows.length ? [`… and ${told.distinct - rows.length} more`] : [];
      const more = [...rest, ...notes].map((line) => h("p", { class: "db-soft" }, line));
      this.put("prompts", ".db-prompts", [told, notes], rows.length ? [...warnings, table, ...more] : [...warnings, h("p", { class: "db-soft" }, "Name a folder with pictures to see them.")]);
    }

    /** Draw anew only when what is told has changed. */
    put(key, selector, told, children) {
      const text = JSON.stringify([this.page.model, this.index, told]);
      if (this.drawn[key] === text) return;
      this.drawn[key] = text;
      this.page.find(selector).replaceChildren(...children.filter(Boolean));
    }
  }

  function nameOf(concept, index) {
    const words = [concept.instance_token, concept.class_token].filter(Boolean).join(" ") || concept.instance_prompt || fileName(concept.instance_data_dir);
    return `${index}: ${words || "new concept"}`; // counted as in folders, files and messages
  }

  function fileName(path) {
    return path.split(/[\\/]/).pop();
  }

  function startList(page, concepts) {
    page.press("page.concept_choose", (button) => concepts.choose(Number(button.dataset.index)));
    page.press("page.concept_add", () => {
      const fresh = Object.fromEntries([...concepts.fields].map(([name, field]) => [name, fields.typedDefault(field)]));
      page.chosen.change({ concepts: [...concepts.list, fresh] });
      concepts.choose(concepts.list.length - 1);
      fields.controlOf(concepts.fields.get("instance_data_dir")).focus();
    });
    const ask = async (action, values) => {
      await page.chosen.save();
      await page.call(action, { name: page.model, revision: page.chosen.revision, index: concepts.index, ...values });
      await page.chosen.load();
    };
    page.press("concepts.duplicate", async () => {
      await ask("concepts.duplicate", {});
      concepts.choose(concepts.index + 1);
    });
    page.press("concepts.move", async () => {
      const to = concepts.index - 1;
      await ask("concepts.move", { to });
      concepts.choose(to);
    });
    page.press("concepts.remove", async () => {
      const text = "Your pictures stay where they are. Class images that were generated for it go to the model's backups.";
      if (!await trainer.ask(page, { title: `Remove ${nameOf(concepts.current, concepts.index)}?`, text, action: "Remove" })) return;
      await ask("concepts.remove", {});
    });
  }

  function startFiles(page, concepts) {
    page.press("concepts.export", async () => {
      await page.chosen.save();
      const told = await page.call("concepts.export", { name: page.model });
      trainer.download(`${page.model}_concepts.json`, told.concepts);
    });
    page.press("concepts.import", () => {
      const text = h("textarea", { id: "dreambooth_concepts_text", rows: 8 });
      const file = h("input", { type: "file", accept: ".json", "aria-label": "A file with concepts" });
      file.addEventListener("change", async () => { text.value = await file.files[0].text(); });
      const box = h("dialog", { class: "db-dialog", "aria-label": "Concepts from JSON" },
        h("h3", {}, "Concepts from JSON"), file, h("label", { for: "dreambooth_concepts_text" }, "or as text"), text,
        h("div", { class: "db-row db-end" },
          h("button", { type: "button", onclick: () => box.close() }, "Cancel"),
          h("button", { type: "button", class: "db-primary", onclick: () => page.attempt(async () => {
            const told = await page.call("concepts.import", { text: text.value });
            page.chosen.change({ concepts: [...concepts.list, ...told.concepts] });
            concepts.choose(concepts.list.length - 1);
            for (const line of told.report ?? []) page.tell(line);
            box.close();
          }) }, "Add them")));
      trainer.show(page, box);
    });
  }

  function startUpload(page, concepts) {
    const drop = page.find(".db-drop");
    const input = page.find(".db-upload");
    const send = async (files) => {
      if (!files.length) return;
      await page.chosen.save();
      const arrived = await page.upload([...files]);
      const told = await page.call("dataset.upload", { name: page.model, index: concepts.index, files: arrived });
      if (told.folder !== concepts.current.instance_data_dir) {
        concepts.change("instance_data_dir", told.folder);
        fields.write(concepts.fields.get("instance_data_dir"), told.folder, { force: true });
      }
      page.tell(`${told.copied} files are in ${told.folder}.`, "done");
      for (const { name, reason } of told.refused ?? []) page.tell(`${name}: ${reason}`, "error");
      concepts.drawn = {};
      concepts.askSoon();
      page.emit("dataset");
    };
    page.press("dataset.upload", () => input.click());
    input.addEventListener("change", () => page.attempt(() => send(input.files)).then(() => { input.value = ""; }));
    for (const name of ["dragover", "dragenter"]) {
      drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("db-over"); });
    }
    drop.addEventListener("dragleave", () => drop.classList.remove("db-over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("db-over");
      page.attempt(() => send(event.dataTransfer.files));
    });
  }

  trainer.part((page) => {
    const concepts = new Concepts(page);
    page.concepts = concepts;
    fields.follow(concepts.form, (name, value) => concepts.change(name, value));
    page.on("settings", () => concepts.draw());
    page.on("problems", () => concepts.complain());
    page.on("changed", (names) => { if (names.includes("method")) concepts.askSoon(); });
    page.on("tab", (name) => { if (name === "concepts") concepts.draw(); });
    page.on("model", () => { concepts.index = 0; concepts.drawn = {}; });
    startList(page, concepts);
    startFiles(page, concepts);
    startUpload(page, concepts);
  });
})();
