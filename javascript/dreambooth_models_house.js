"use strict";

// Keeping house with models: other names, copies, farewells, earlier steps, and old models taken over.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h, fields } = trainer;

  /** Follow a job; the button tells how far it is. */
  async function follow(page, button, run) {
    const label = button.textContent;
    try {
      return await trainer.followJob(page, run, (view) => { button.textContent = trainer.progressWords(view); });
    } finally {
      button.textContent = label;
    }
  }

  function startNames(page) {
    page.press("models.rename", async () => {
      const name = page.models.shown;
      const newName = await trainer.askText(page, { title: `Rename ${name}`, label: "New name", value: name, action: "Rename" });
      if (newName === null || newName === name) return;
      const wasChosen = name === page.model;
      await page.chosen.save();
      await page.models.moving(async () => {
        await page.call("models.rename", { name, new_name: newName });
        await page.models.refresh();
        if (wasChosen) await page.chosen.choose(newName);
        else await page.models.choose(newName);
      });
      page.tell(`${name} is called ${newName} now.`, "done");
    });
    page.press("models.duplicate", async (button) => {
      const name = page.models.shown;
      const newName = await trainer.askText(page, { title: `Duplicate ${name}`, label: "Name of the copy", value: freeName(page, `${name}_copy`), action: "Duplicate" });
      if (newName === null) return;
      await page.chosen.save();
      const { run } = await page.call("models.duplicate", { name, new_name: newName });
      await follow(page, button, run);
      await page.models.refresh();
      page.tell(`${newName} is made, a copy of ${name}.`, "done");
    });
  }

  /** The name, or the first with a number that no model has. */
  function freeName(page, name) {
    if (!page.models.find(name)) return name;
    let number = 2;
    while (page.models.find(`${name}_${number}`)) number += 1;
    return `${name}_${number}`;
  }

  function startDeleting(page) {
    page.press("models.delete", async () => {
      const name = page.models.shown;
      const { bytes, saves } = await page.call("models.card", { name });
      const steps = saves.length ? `, its ${trainer.count(saves.length, "saved step")} too` : "";
      const text = `All that is in its folder goes, ${trainer.bytes(bytes)}${steps}. It cannot be taken back.\n`
        + "Pictures that you train with, and files that you exported, lie elsewhere and stay.";
      if (!await trainer.ask(page, { title: `Delete ${name}?`, text, action: `Delete ${trainer.bytes(bytes)}`, typed: name })) return;
      await page.chosen.save();
      await page.models.moving(async () => {
        const freed = await page.call("models.delete", { name, confirmation: name });
        if (name === page.model) await page.models.chooseNext();
        else await page.models.refresh();
        page.emit("model shown", page.models.shown);
        page.tell(`${name} is deleted: ${trainer.bytes(freed.bytes)} are free again.`, "done");
      });
    });
    page.press("models.open_folder", async () => {
      const { path } = await page.call("models.open_folder", { name: page.models.shown });
      page.tell(`Opened ${path}`, "done");
    });
  }

  function startSaves(page) {
    page.press("models.restore", async (button) => {
      const { name } = page.modelCard.card;
      const save = page.modelCard.card.saves.find((each) => each.path === button.dataset.key);
      const text = `The weights of step ${save.step} become the model's own again, and its count of steps goes back to ${save.step}.\n`
        + "The weights that it has now go to its backups; saved steps stay.";
      if (!await trainer.ask(page, { title: `Go back to step ${save.step}?`, text, action: "Go back" })) return;
      const { run } = await page.call("models.restore", { name, weights: save.path });
      await follow(page, button, run);
      await page.models.refresh();
      await page.modelCard.load();
      page.tell(`${name} is at step ${save.step} again.`, "done");
    });
    page.press("page.use_save", (button) => page.useSave(button.dataset.key));
    page.press("page.export_save", (button) => page.openExport(button.dataset.key));
  }

  function startImport(page) {
    const group = page.find(".db-group[data-group='import_old']");
    const form = group.querySelector(".db-fields[data-form='import']");
    const told = page.find(".db-import-told");
    const field = (name) => form.querySelector(`.db-field[data-setting="${name}"]`);
    const source = field("source");
    const name = field("name");
    let asked = 0;

    /** Tell what lies in the folder, before anything is done with it. */
    const look = async () => {
      const number = ++asked;
      const path = fields.controlOf(source).value.trim();
      told.replaceChildren();
      if (!path) return;
      try {
        const old = await page.call("models.inspect_old", { source: path });
        if (number !== asked) return;
        fields.complain(source, null);
        if (page.models.find(old.name) && !fields.controlOf(name).value.trim()) fields.write(name, freeName(page, `${old.name}_imported`), { force: true });
        told.replaceChildren(h("p", { class: "db-note" }, oldWords(old)));
      } catch (error) {
        if (!(error instanceof trainer.Refused)) throw error;
        if (number === asked) fields.complainAll(form, error.message);
      }
    };
    fields.controlOf(source).addEventListener("change", () => page.attempt(look));
    page.press("page.import_this", async () => {
      const { card } = page.modelCard;
      group.open = true;
      fields.write(name, "", { force: true });
      fields.write(source, card.path, { force: true });
      group.scrollIntoView({ block: "nearest" });
      fields.controlOf(name).focus({ preventScroll: true });
      await look();
    });
    page.press("models.import", async (button) => {
      const { run } = await trainer.askForm(page, form, "models.import");
      const result = await follow(page, button, run);
      for (const each of [source, name]) fields.write(each, "", { force: true });
      told.replaceChildren(h("p", { class: "db-note db-good" }, `${result.model} is imported and chosen. What became of every setting stands in ${result.report}`));
      await page.models.refresh();
      await page.chosen.choose(result.model);
      if (!page.state?.alive_training) page.poll.show(run);
    });
  }

  function oldWords(old) {
    const facts = [
      old.lifetime_steps ? `trained for ${trainer.count(old.lifetime_steps, "step")}` : "not trained yet",
      trainer.count(old.num_concepts, "concept"),
      old.source && `made from ${old.source}`,
    ];
    const lora = old.is_lora ? " It was trained as a LoRA, whose file is not taken over: the new model begins with the weights that the LoRA was made for." : "";
    return `${old.name}: ${facts.filter(Boolean).join(", ")}.${lora}`;
  }

  trainer.part((page) => {
    startNames(page);
    startDeleting(page);
    startSaves(page);
    startImport(page);
  });
})();
