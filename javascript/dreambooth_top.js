"use strict";

// The row above everything.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h } = trainer;
  const WHILE_TRAINING = ["run.save", "run.sample", "run.pause"];

  function startRow(page) {
    const name = page.find(".db-model-name");
    const saving = page.find(".db-saving");
    const train = page.find("[data-press='run.train']");
    for (const button of page.findAll(".db-top button:not(.db-queue, .db-more)")) button.disabled = true; // until a model is there
    for (const item of page.findAll(".db-top [role=menuitem]")) item.disabled = false;
    page.on("model", (model) => {
      name.textContent = model || "No model: create one first";
      for (const press of ["page.load_settings", "page.save_settings", "page.export"]) {
        page.find(`[data-press="${press}"]`).disabled = !model;
      }
    });
    const words = { waiting: "…", saving: "saving …", saved: "settings saved", refused: "not saved" };
    page.on("saving", (state) => { saving.textContent = words[state]; });
    page.on("state", (state) => {
      const training = state.alive_training;
      for (const press of WHILE_TRAINING) page.find(`[data-press="${press}"]`).disabled = !training;
      page.find(".db-stop").disabled = !training && !state.alive;
      const resumable = state.resumable && !training;
      train.textContent = resumable ? "Resume" : "Train";
      const isPaused = Boolean(resumable && state.resumable.is_paused);
      page.find("[data-press='page.change']").disabled = !training && !isPaused;
      page.find("[data-press='run.resume']").hidden = !isPaused || state.view?.run !== state.resumable.run;
      train.disabled = !page.model || Boolean(training);
      const count = state.queue.length;
      page.find(".db-queue").textContent = count === 0 ? "Queue: empty" : `Queue: ${count === 1 ? "1 job" : `${count} jobs`}`;
    });
  }

  function startTraining(page) {
    page.press("run.train", async () => {
      await page.chosen.save();
      const resumable = page.state?.resumable;
      let resume = false;
      if (resumable) {
        const answer = resumable.is_paused || await askResume(page, resumable);
        if (answer === null) return;
        resume = answer;
      }
      await page.call("run.train", { name: page.model, resume });
      page.poll.show(null);
    });
    const ask = (press, request, told) => page.press(press, async () => {
      await page.call("run.ask", { name: page.model, request });
      page.tell(told, "done");
      page.poll.now();
    });
    page.press("run.resume", async () => {
      await page.call("run.train", { name: page.model, resume: true });
      page.poll.show(null);
    });
    ask("run.pause", "pause", "Pausing after this step; the device is free then.");
    ask("run.save", "save", "Saving after this step.");
    ask("run.sample", "sample", "Drawing previews after this step.");
    ask("run.stop_after_epoch", "stop_after_epoch", "Stopping after this epoch.");
    page.press("run.stop", async () => {
      const { alive, alive_training: training } = page.state;
      if (training) await page.call("run.ask", { name: page.model, request: "stop" });
      else await page.call("run.cancel", { run: alive });
      page.tell("Stopping after this step.", "done");
      page.poll.now();
    });
    page.press("run.discard", async () => {
      const text = "What this run has learnt since it began is thrown away; checkpoints that it saved stay.";
      if (!await trainer.ask(page, { title: "Discard this run?", text, action: "Discard" })) return;
      await page.call("run.ask", { name: page.model, request: "discard" });
      page.tell("Discarding after this step.", "done");
      page.poll.now();
    });
  }

  /** Resume, or begin a new training: resolves to true, false, or null for neither. */
  function askResume(page, { step, num_steps: numSteps }) {
    return new Promise((resolve) => {
      const box = h("dialog", { class: "db-dialog", "aria-label": "Resume" },
        h("h3", {}, "There is a training that was interrupted"),
        h("p", {}, `It stopped ${numSteps === null ? "before its first step" : `at step ${step} of ${numSteps}`}. Resuming goes on as if it never had; its own settings count, not those that you changed since.`),
        h("div", { class: "db-row db-end" },
          h("button", { type: "button", onclick: () => box.close("") }, "Cancel"),
          h("button", { type: "button", onclick: () => box.close("new") }, "Begin a new training"),
          h("button", { type: "button", class: "db-primary", autofocus: true, onclick: () => box.close("resume") }, `Resume at step ${step}`)));
      trainer.show(page, box, () => resolve({ resume: true, new: false }[box.returnValue] ?? null));
    });
  }

  function startSettingsFiles(page) {
    page.press("page.save_settings", async () => {
      await page.chosen.save();
      trainer.download(`${page.model}_settings.json`, page.chosen.values);
      page.tell("The settings are saved with the model; the file is a copy for you.", "done");
    });
    page.press("page.load_settings", async () => {
      await page.chosen.save();
      const [{ history }, { models }] = await Promise.all([
        page.call("settings.history", { name: page.model }), page.call("models.list")]);
      showLoad(page, history, models.filter((model) => model.name !== page.model && !model.is_old && !model.fault));
    });
  }

  /** What a change was, by the label that the setting has on the page. */
  function changeWords(page, { name, before }) {
    const concept = /^concepts\.(\d+)\.(.+)$/.exec(name);
    const selector = concept ? `[data-form="concept"][data-setting="${concept[2]}"]` : `:not([data-form])[data-setting="${CSS.escape(name)}"]`;
    const label = page.find(`.db-field${selector} :is(label, legend)`)?.textContent ?? name;
    const was = before === null || before === "" ? "empty" : JSON.stringify(before);
    return `${label}${concept ? ` of concept ${concept[1]}` : ""} was ${was}`;
  }

  function showLoad(page, history, models) {
    const take = async (values, told) => {
      await page.call("settings.save", { name: page.model, revision: page.chosen.revision, values });
      await page.chosen.load();
      page.tell(told, "done");
      box.close();
    };
    const earlier = history.map((entry) => h("li", { class: "db-row" },
      h("span", { class: "db-grow" }, `${new Date(entry.time * 1000).toLocaleString()}: `,
        h("span", { class: "db-soft" }, entry.changes.slice(0, 3).map((change) => changeWords(page, change)).join(", ")
          + (entry.changes.length > 3 ? ` and ${entry.changes.length - 3} more` : ""))),
      h("button", { type: "button", "data-press": "settings.restore", "data-id": entry.id }, "Take back")));
    const others = h("select", { id: "dreambooth_other_model", "aria-label": "Another model" }, models.map((model) => h("option", { value: model.name }, model.name)));
    const file = h("input", { type: "file", accept: ".json,.toml,application/json", "aria-label": "A settings file" });
    file.addEventListener("change", () => page.attempt(async () => {
      const text = await file.files[0].text();
      const told = await page.call("settings.take_file", { name: page.model, revision: page.chosen.revision, text });
      await page.chosen.load();
      box.close();
      page.tell(`Settings of ${file.files[0].name} are taken.`, "done");
      if (told.words) showReport(page, file.files[0].name, told.words);
    }));
    page.press("settings.restore", async (button) => {
      await page.call("settings.restore", { name: page.model, revision: page.chosen.revision, id: button.dataset.id });
      await page.chosen.load();
      page.tell("The earlier settings are back.", "done");
      box.close();
    });
    const box = h("dialog", { class: "db-dialog", "aria-label": "Load settings" },
      h("h3", {}, "Load settings"),
      h("h4", {}, "Earlier settings of this model"),
      earlier.length ? h("ul", { class: "db-stack" }, earlier) : h("p", { class: "db-soft" }, "There are none yet."),
      h("h4", {}, "Those of another model, without its concepts"),
      models.length ? h("div", { class: "db-row" }, others, h("button", { type: "button", onclick: () => page.attempt(async () => {
        const told = await page.call("settings.load", { name: others.value });
        const { concepts: _, ...settings } = told.values;
        await take(flatten(settings), `Settings of ${others.value} are taken.`);
      }) }, "Take")) : h("p", { class: "db-soft" }, "There is no other model."),
      h("h4", {}, "A file"), file,
      h("div", { class: "db-row db-end" }, h("button", { type: "button", onclick: () => box.close() }, "Close")));
    trainer.show(page, box);
  }

  /** What became of each line of somebody else's file. */
  function showReport(page, name, words) {
    const box = h("dialog", { class: "db-dialog", "aria-label": "What became of it" },
      h("h3", {}, `What became of ${name}`), h("p", { class: "db-report" }, words),
      h("div", { class: "db-row db-end" }, h("button", { type: "button", onclick: () => box.close() }, "Close")));
    trainer.show(page, box);
  }

  /** Nested settings by dotted name; concepts stay a list. */
  function flatten(values, prefix = "") {
    const flat = {};
    for (const [name, value] of Object.entries(values)) {
      if (name !== "concepts" && value !== null && typeof value === "object") Object.assign(flat, flatten(value, `${prefix}${name}.`));
      else flat[prefix + name] = value;
    }
    return flat;
  }

  trainer.part((page) => {
    startRow(page);
    startTraining(page);
    startSettingsFiles(page);
  });
})();
