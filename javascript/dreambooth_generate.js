"use strict";

// Generate: pictures and grids from the model or from its saved steps; class images looked through.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h, fields } = trainer;

  /** A form's fields by name. */
  function formOf(page, name) {
    return page.find(`#dreambooth_tab_generate .db-fields[data-form="${name}"]`);
  }

  function startSaves(page) {
    const single = page.find("#dreambooth_sample_weights");
    const several = page.find("#dreambooth_grid_saves");
    // Saved steps are chosen, not typed: the fields keep the paths, lists beside them show the steps.
    const select = h("select", { "aria-label": "Saved step", class: "db-save-choice" });
    const boxes = h("div", { class: "db-row", role: "group", "aria-label": "Saved steps" });
    single.hidden = true;
    several.hidden = true;
    single.after(select);
    several.after(boxes);
    select.addEventListener("change", () => { single.value = select.value; });
    boxes.addEventListener("change", () => {
      several.value = [...boxes.querySelectorAll("input:checked")].map((box) => box.value || CURRENT).join("\n");
    });
    const draw = async () => {
      if (!page.model) return;
      const { saves } = await page.call("models.card", { name: page.model });
      const choices = [{ path: "", label: "the model as it is" }, ...saves.map((save) => ({ path: save.path, label: `step ${save.step}` }))];
      const told = JSON.stringify(choices);
      if (select.dataset.told === told) return;
      select.dataset.told = told;
      select.replaceChildren(...choices.map(({ path, label }) => h("option", { value: path }, label)));
      select.value = choices.some(({ path }) => path === single.value) ? single.value : "";
      single.value = select.value;
      boxes.replaceChildren(...choices.map(({ path, label }) => h("label", { class: "db-row" }, h("input", { type: "checkbox", value: path, checked: true }), label)));
      boxes.dispatchEvent(new Event("change"));
    };
    page.useSave = (path) => {
      page.openTab("generate");
      single.value = path;
      select.value = path;
    };
    page.on("tab", (name) => { if (name === "generate") page.attempt(draw); });
    page.on("model", () => { single.value = ""; if (isSeen(page)) page.attempt(draw); });
    page.on("saves changed", () => { if (isSeen(page)) page.attempt(draw); });
  }

  const CURRENT = "current"; // a line for the model as it is, which has no path

  function isSeen(page) {
    return !page.find("#dreambooth_tab_generate").hidden;
  }

  function startPictures(page) {
    const form = formOf(page, "sample");
    const place = page.find(".db-drawn");
    const words = page.find(".db-generate-when");
    page.on("state", (state) => {
      const text = state.alive_training
        ? "A training is under way: the model as it is draws after the step that is being taken; saved steps wait until it is done."
        : "";
      if (words.textContent !== text) words.textContent = text;
      words.hidden = text === "";
    });
    page.press("generate.draw", async (button) => {
      await page.chosen.save();
      const told = await askForm(page, form, "generate.draw", (values) => ({ ...values, name: page.model }));
      if (told.asked) {
        page.tell("The pictures are drawn after this step; Output shows them.", "done");
        page.poll.now();
        return;
      }
      const label = button.textContent;
      try {
        const result = await trainer.followJob(page, told.run, (view) => { button.textContent = trainer.progressWords(view); });
        show(page, place, result.pictures);
      } finally {
        button.textContent = label;
      }
    });
    page.press("generate.grid", async (button) => {
      await page.chosen.save();
      const told = await askForm(page, formOf(page, "grid"), "generate.grid", (values) => ({
        ...values, name: page.model, saves: values.saves.map((path) => (path === CURRENT ? "" : path)),
      }));
      const label = button.textContent;
      try {
        const result = await trainer.followJob(page, told.run, (view) => { button.textContent = trainer.progressWords(view); });
        const grid = { path: result.grid, title: `The grid lies in ${result.grid}` };
        page.find(".db-grid-drawn").replaceChildren(
          h("button", { type: "button", class: "db-thumb", title: "Look at it", onclick: () => trainer.viewPicture(page, [grid], 0) },
            trainer.picture(result.grid, { side: 1024, alt: "Saved steps by prompts" })),
          h("p", { class: "db-soft" }, grid.title));
      } finally {
        button.textContent = label;
      }
    });
  }

  /** Ask an action for what stands in a form; what it refuses is told beside the fields. */
  async function askForm(page, form, action, change = (values) => values) {
    const values = change(fields.readAll(form));
    try {
      return await page.call(action, values);
    } catch (error) {
      if (!(error instanceof trainer.Refused)) throw error;
      const left = fields.complainAll(form, error.message);
      throw new trainer.Refused(left.join("\n") || "Something in the form is not right yet: see the marked fields.");
    }
  }

  function show(page, place, paths) {
    const list = paths.map((path) => ({ path, title: path }));
    place.replaceChildren(...list.map(({ path, title }, index) => h("button", {
      type: "button", class: "db-thumb", title, onclick: () => trainer.viewPicture(page, list, index),
    }, trainer.picture(path, { side: 384, alt: title }))));
  }

  /** Prompt and numbers of the form; a side that is 0 is the model's own, which the webui knows better. */
  function startSending(page) {
    const button = page.find("[data-press='page.send']");
    const look = () => { button.hidden = !trainer.hasTxt2img(); };
    page.on("begin", look);
    page.on("tab", look);
    page.press("page.send", () => {
      const values = fields.readAll(formOf(page, "sample"));
      trainer.sendToTxt2img({ ...values, width: values.width || null, height: values.height || null });
    });
  }

  trainer.askForm = askForm;
  trainer.part((page) => {
    startSaves(page);
    startPictures(page);
    startSending(page);
  });
})();
