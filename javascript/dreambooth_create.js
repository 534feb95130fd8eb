"use strict";

// Create: a source is chosen and looked at, then a model is made of it.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h, fields } = trainer;
  const FILE = "a file";
  const HUB = "the hub";
  const LISTED = "listed ";
  const LOOKED_AT = ["source", "vae", "use_ema", "predicts", "zero_terminal_snr"];
  const TOYBOX = "The toybox is a small real model that ships with the trainer, for trying things out: it trains in minutes on any machine. "
    + "It draws ten things, such as robots, cups and fish, in ten colours and six scenes, at 64 px; for pictures of your own take a checkpoint of your webui.";

  class Source {
    constructor(page) {
      this.page = page;
      this.root = page.find(".db-create");
      this.select = page.find("#dreambooth_create_from");
      this.told = this.root.querySelector(".db-detected");
      this.toybox = null; // its path
      this.asked = 0;
      this.lookSoon = trainer.debounce(() => page.attempt(() => this.look()), 200);
    }

    field(name) {
      return this.root.querySelector(`.db-field[data-setting="${name}"]`);
    }

    /** The host's checkpoints as they are now; what was chosen stays chosen. */
    async list() {
      const { sources } = await this.page.call("create.sources");
      const told = JSON.stringify(sources);
      if (this.select.dataset.told === told) return;
      this.select.dataset.told = told;
      this.toybox = sources.find((source) => source.label.startsWith("Toybox"))?.path ?? null;
      const before = this.select.value;
      const option = (value, label) => h("option", { value }, label);
      this.select.replaceChildren(
        option("", "Choose a checkpoint …"),
        ...sources.map(({ path, label }) => option(LISTED + path, label)),
        option(FILE, "Another file or folder …"),
        option(HUB, "A model of the Hugging Face hub …"));
      this.select.value = [...this.select.options].some((each) => each.value === before) ? before : "";
      this.show();
    }

    /** Show the field that the choice asks for. */
    show() {
      const choice = this.select.value;
      this.field("source").hidden = choice !== FILE;
      this.field("hub").hidden = choice !== HUB;
    }

    choose() {
      const choice = this.select.value;
      this.show();
      fields.write(this.field("source"), choice.startsWith(LISTED) ? choice.slice(LISTED.length) : "", { force: true });
      fields.write(this.field("hub"), "", { force: true });
      this.complain(null);
      if (choice === FILE) fields.controlOf(this.field("source")).focus();
      if (choice === HUB) fields.controlOf(this.field("hub")).focus();
      this.page.attempt(() => this.look());
    }

    /** What is wrong with the choice itself, where neither field is seen. */
    complain(fault) {
      if (fault) this.select.setAttribute("aria-invalid", "true");
      else this.select.removeAttribute("aria-invalid");
      const place = this.root.querySelector(".db-create-from .db-fault");
      place.textContent = fault ?? "";
      place.hidden = !fault;
    }

    /** Tell what the source is; a look that is under way at another one ends. */
    async look() {
      const number = ++this.asked;
      if (this.looking) this.page.call("run.cancel", { run: this.looking }).catch(() => {});
      this.looking = null;
      const isHub = this.select.value === HUB;
      const values = Object.fromEntries(LOOKED_AT.map((name) => [name, fields.read(this.field(name)).value]));
      if (isHub || !values.source?.trim()) {
        this.draw(isHub ? [h("p", { class: "db-note" }, "A model of the hub is fetched first, and then looked at, when you create it. That can take a while and some GB of disk.")] : []);
        return;
      }
      this.draw([...this.introduce(values.source), h("p", { class: "db-soft" }, "Looking at it …")]);
      try {
        const { run } = await this.page.call("create.inspect", values);
        if (number !== this.asked) {
          await this.page.call("run.cancel", { run });
          return;
        }
        this.looking = run;
        for (const name of LOOKED_AT) fields.complain(this.field(name), null);
        const told = await trainer.followJob(this.page, run, () => {}, { isShown: false });
        if (number !== this.asked) return;
        if (told.has_ema) this.root.querySelector(".db-group").open = true; // there is something to choose
        this.draw([...this.introduce(values.source), ...drawDetected(told, values)]);
      } catch (error) {
        if (!(error instanceof trainer.Refused)) throw error;
        if (number === this.asked) this.refused(error.message, values.source);
      } finally {
        if (number === this.asked) this.looking = null;
      }
    }

    /** Ask for a model of what stands in the form; resolves to its run. */
    async ask() {
      try {
        return await trainer.askForm(this.page, this.root, "create.start");
      } catch (error) {
        this.complainHere();
        throw error;
      }
    }

    /** What is wrong with the path of a listed checkpoint is told beside the list. */
    complainHere() {
      const field = this.field("source");
      const told = field.querySelector(".db-fault").textContent || (this.select.value === "" && "choose what the model is made from");
      if (field.hidden) this.complain(told || null);
    }

    refused(message, path) {
      const left = fields.complainAll(this.root, message);
      this.complainHere();
      this.draw([...this.introduce(path), ...left.map((line) => h("p", { class: "db-note db-bad" }, line))]);
    }

    introduce(path) {
      return path === this.toybox ? [h("p", { class: "db-note" }, TOYBOX)] : [];
    }

    draw(parts) {
      this.told.replaceChildren(...parts);
    }
  }

  function drawDetected(told, wishes) {
    const ema = told.has_ema ? (wishes.use_ema ? "yes, and it is taken" : "yes; it draws better and trains worse, so it is left out unless you choose it below") : "no";
    const rows = [
      ["Architecture", `${trainer.familyWords(told.family)}${told.is_inpainting ? ", inpainting" : ""}, for ${told.resolution} px`],
      ["Predicts", trainer.predictsWords(told.predicts)],
      ["Weights", `${trainer.number(told.num_weights / 1e6)} million, ${told.dtype}`],
      ["Size", trainer.bytes(told.bytes)],
      ["EMA inside", ema],
    ];
    return [h("div", { class: "db-note db-good" }, h("h3", {}, "This is what it is"),
      h("dl", { class: "db-facts" }, rows.flatMap(([label, words]) => [h("dt", {}, label), h("dd", {}, words)])))];
  }

  function startMaking(page, source) {
    const told = source.root.querySelector(".db-create-told");
    page.press("create.start", async () => {
      told.replaceChildren();
      const { run } = await source.ask();
      const words = h("p", { class: "db-soft" });
      const bar = h("progress", { "aria-label": "Creating the model" });
      told.replaceChildren(words, bar);
      let result;
      try {
        result = await trainer.followJob(page, run, (view) => {
          words.textContent = trainer.progressWords(view);
          if (view.progress?.total) Object.assign(bar, { max: view.progress.total, value: view.progress.done });
        });
      } catch (error) {
        if (!(error instanceof trainer.Refused)) throw error;
        told.replaceChildren(...error.message.split("\n").map((line) => h("p", { class: "db-note db-bad" }, line)));
        return;
      }
      fields.write(source.field("name"), "", { force: true });
      await page.models.refresh();
      await page.chosen.choose(result.model);
      if (!page.state?.alive_training) page.poll.show(run);
      told.replaceChildren(h("div", { class: "db-note db-good db-row" },
        h("span", { class: "db-grow" }, `${result.model} is made, and chosen. Next: say what it shall learn.`),
        h("button", { type: "button", class: "db-primary", "data-press": "page.to_concepts" }, "Go to Concepts")));
      told.querySelector("button").focus();
    });
    page.press("page.to_concepts", () => { told.replaceChildren(); page.openTab("concepts"); });
  }

  trainer.part((page) => {
    const source = new Source(page);
    const name = fields.controlOf(source.field("name"));
    source.show();
    source.select.addEventListener("change", () => source.choose());
    source.root.addEventListener("change", (event) => {
      const changed = event.target.closest(".db-field")?.dataset.setting;
      if (LOOKED_AT.includes(changed)) source.lookSoon();
    });
    source.root.addEventListener("click", (event) => { if (event.target.closest(".db-reset")) source.lookSoon(); });
    name.addEventListener("change", () => {
      const taken = page.models.find(name.value.trim());
      if (taken) fields.complain(source.field("name"), `there is a model ${taken.name} already; choose another name`);
    });
    page.on("tab", (tab) => { if (tab === "create") page.attempt(() => source.list()); });
    startMaking(page, source);
  });
})();
