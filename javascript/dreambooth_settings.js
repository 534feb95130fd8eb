"use strict";

// Settings and Saving: fields that follow the chosen model, search, presets, the plan above them.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h, fields } = trainer;
  const REMEMBERED = "dreambooth_show_advanced";

  /** The settings' own fields: those that belong to no other form. */
  function settingFields(page) {
    return page.findAll(".db-field[data-setting]:not([data-form])");
  }

  function startFields(page) {
    const byName = new Map(settingFields(page).map((field) => [field.dataset.setting, field]));
    for (const panel of page.findAll("[role=tabpanel]")) {
      fields.follow(panel, (name, value, field) => {
        if (byName.get(name) !== field) return;
        if (name === "method") page.attempt(() => chooseMethod(page, value));
        else page.chosen.change({ [name]: value });
      });
    }
    page.on("settings", (chosen) => {
      for (const [name, field] of byName) {
        fields.setDefault(field, chosen.get(name, chosen.defaults));
        fields.write(field, chosen.get(name), { force: !(name in chosen.pending) && !field.dataset.dirty });
      }
      showWaiting(page);
    });
    page.on("changed", () => showWaiting(page));
    page.on("problems", (problems) => {
      for (const field of byName.values()) if (!fields.read(field).fault) fields.complain(field, null);
      for (const { setting, advice } of problems) {
        if (byName.has(setting)) fields.complain(byName.get(setting), advice, "problem");
      }
    });
    page.on("model", (name) => {
      for (const field of byName.values()) {
        for (const control of field.querySelectorAll("input, select, textarea")) control.disabled = !name;
      }
    });
  }

  /** Choose a method with what it implies for the concepts, and tell what that was. */
  async function chooseMethod(page, method) {
    if (!page.chosen.values || method === page.chosen.get("method")) return;
    await page.chosen.save();
    const { implied } = await page.call("methods.choose", { name: page.model, revision: page.chosen.revision, method });
    await page.chosen.load();
    page.emit("changed", ["method"]);
    const words = implied.map(({ concept, field, value, reason }) => {
      const label = page.find(`.db-field[data-form="concept"][data-setting="${field}"] :is(label, legend)`)?.textContent ?? field;
      return `${label} of concept ${concept} is now ${value === "" ? "empty" : value} (${reason})`;
    });
    if (words.length) page.tell(`${method}: ${words.join("; ")}. Load settings takes it back.`, "done");
  }

  /** Groups whose settings wait for another one say so. */
  function showWaiting(page) {
    const waits = {
      lora: page.chosen.get("adapter") === "none" && "used when an adapter is chosen",
    };
    for (const [name, text] of Object.entries(waits)) {
      const told = page.find(`.db-group[data-group="${name}"] .db-group-told`);
      if (!told) continue;
      told.dataset.told ??= told.textContent;
      told.textContent = text || told.dataset.told;
    }
  }

  function startSearch(page) {
    const panel = page.find("#dreambooth_tab_settings");
    const search = page.find("#dreambooth_search");
    const advanced = page.find("#dreambooth_show_advanced");
    const words = (field) => `${field.dataset.setting} ${field.textContent}`.toLowerCase();
    const wasOpen = new Map();
    search.addEventListener("input", () => {
      const wanted = search.value.trim().toLowerCase();
      for (const field of panel.querySelectorAll(".db-field")) {
        const isFound = wanted !== "" && words(field).includes(wanted);
        field.classList.toggle("db-found", isFound);
        field.classList.toggle("db-unfound", wanted !== "" && !isFound);
      }
      for (const group of panel.querySelectorAll(".db-group")) {
        if (!wasOpen.has(group)) wasOpen.set(group, group.open);
        const hasFound = group.querySelector(".db-found") !== null;
        group.classList.toggle("db-unfound", wanted !== "" && !hasFound);
        group.open = wanted === "" ? wasOpen.get(group) : hasFound;
        if (wanted === "") wasOpen.delete(group);
      }
    });
    const showAdvanced = () => {
      for (const each of page.findAll("[role=tabpanel]")) each.classList.toggle("db-with-advanced", advanced.checked);
      localStorage.setItem(REMEMBERED, advanced.checked ? "yes" : "");
    };
    advanced.checked = localStorage.getItem(REMEMBERED) === "yes";
    advanced.addEventListener("change", showAdvanced);
    showAdvanced();
  }

  function startPresets(page) {
    const select = page.find("#dreambooth_presets");
    const load = async () => {
      const { presets } = await page.call("presets.list", { family: page.chosen.family ?? null });
      const option = (preset) => h("option", { value: preset.name, title: preset.told }, preset.name);
      select.replaceChildren(h("option", { value: "" }, "Choose a preset"),
        h("optgroup", { label: "Presets" }, presets.filter((preset) => !preset.is_own).map(option)));
      const own = presets.filter((preset) => preset.is_own);
      if (own.length) select.append(h("optgroup", { label: "Your own" }, own.map(option)));
    };
    page.on("model", () => page.attempt(load));
    page.press("presets.apply", async () => {
      if (!select.value) throw new trainer.Refused("Choose a preset first.");
      await page.chosen.save();
      const preset = select.value;
      const told = await page.call("presets.apply", { name: page.model, revision: page.chosen.revision, preset });
      await page.chosen.load();
      const changed = told.changes ? ` (${told.changes.length} settings)` : "";
      page.tell(`${preset} is applied${changed}. Load settings takes it back.`, "done");
    });
    page.press("presets.save", async () => {
      const name = await trainer.askText(page, { title: "Keep as preset", label: "Name of the preset", action: "Keep" });
      if (!name) return;
      await page.chosen.save();
      await page.call("presets.save", { name: page.model, preset: name });
      await load();
      page.tell(`The preset ${name} is kept, without folders and concepts.`, "done");
    });
  }

  function startPlan(page) {
    const place = page.find(".db-plan");
    const draw = (plan) => {
      const problems = page.chosen.problems;
      place.classList.toggle("db-bad", plan?.fits === false || problems.length > 0);
      const lines = [];
      if (plan) lines.push(h("strong", {}, plan.words));
      for (const advice of plan?.advice ?? []) lines.push(h("p", {}, advice));
      for (const { setting, advice } of problems) lines.push(h("p", {}, `${setting}: ${advice}`));
      place.replaceChildren(...lines);
    };
    let plan = null;
    const ask = trainer.debounce(async () => {
      const name = page.model;
      if (!name) return draw(null);
      try {
        plan = await page.call("settings.plan", { name });
      } catch (error) {
        plan = { words: error.message, advice: [], fits: null };
      }
      if (name !== page.model) return undefined;
      page.emit("plan", plan);
      if (plan.complete === false) setTimeout(ask, 1000);
      return draw(plan);
    }, 200);
    page.on("settings", ask);
    page.on("saved", ask);
    page.on("problems", () => draw(plan));
  }

  /** What will be written, above the settings of saving. */
  function startDisk(page) {
    const place = page.find(".db-disk");
    page.on("model", () => place.replaceChildren());
    page.on("plan", ({ disk }) => {
      if (!disk) return;
      place.classList.toggle("db-bad", !disk.fits);
      const lack = disk.fits ? null : h("p", {}, "That is more than there is: keep fewer, save less often, or train an adapter.");
      place.replaceChildren(h("strong", {}, disk.words), ...(lack ? [lack] : []));
    });
  }

  trainer.part((page) => {
    startDisk(page);
    startFields(page);
    startSearch(page);
    startPresets(page);
    startPlan(page);
  });
})();
