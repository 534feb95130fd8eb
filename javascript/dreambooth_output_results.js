"use strict";

// What came of a job, in words.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h, bytes, duration, number } = trainer;
  const JOBS = {
    train: "Training", create: "Creating a model", import: "Importing a model", check: "Checking the plan", classes: "Class images",
    sample: "Generating pictures", export: "Generating a checkpoint", convert: "Converting", merge: "Merging", inspect: "Looking at a checkpoint",
    restore: "Going back to a saved step", duplicate: "Copying a model",
    lora_merge: "Merging LoRAs", lora_bake: "Baking a LoRA in", lora_extract: "Extracting a LoRA", lora_resize: "Resizing a LoRA", lora_convert: "Converting a LoRA",
  };
  const LABELS = {
    path: "File", checkpoint: "Checkpoint", webui: "In the webui", folder: "Folder", report: "Report", bytes: "Size", family: "Family", predicts: "Predicts", resolution: "Resolution",
    num_weights: "Weights", dtype: "Precision", format: "Format", tensors: "Tensors", changed: "Weights changed", modules: "Layers", ranks: "Ranks",
    kept: "Kept of the change", outside: "Outside of the file", moved: "Moved", discarded: "Left out", left_out: "Left out", step: "Steps", model: "Model",
  };
  const PERCENT = new Set(["kept", "outside"]);

  function percent(share) {
    return `${Number((share * 100).toPrecision(3))} %`;
  }

  /** One value of a result as words; null for what only programs read. */
  function words(name, value) {
    if (value === null || value === undefined || value === "") return null;
    if (name === "bytes") return bytes(value);
    if (name === "num_weights") return `${number(value / 1e6)} million`;
    if (PERCENT.has(name)) return percent(value);
    if (name === "ranks") return value[0] === value[1] ? String(value[0]) : `${value[0]} to ${value[1]}`;
    if (name === "moved" || name === "left_out") {
      const parts = Object.entries(value).map(([part, size]) => `${part.replaceAll("_", " ")} ${name === "moved" ? percent(size) : number(size)}`);
      return parts.length ? parts.join(", ") : null;
    }
    if (Array.isArray(value)) return value.length ? value.join(", ") : null;
    return typeof value === "object" ? null : String(value);
  }

  function list(result, names, labels = {}) {
    const rows = names.map((name) => [labels[name] ?? LABELS[name], words(name, result[name])]).filter(([, told]) => told !== null);
    return rows.length ? h("dl", { class: "db-facts" }, rows.flatMap(([label, told]) => [h("dt", {}, label), h("dd", {}, told)])) : null;
  }

  function table(caption, heads, rows) {
    return h("div", { class: "db-scroll", tabindex: 0, role: "region", "aria-label": caption }, h("table", { class: "db-table" }, h("caption", {}, caption),
      h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, index) => (index ? h("td", {}, cell) : h("th", { scope: "row" }, cell))))))));
  }

  /** The plan that `check` makes. */
  function drawPlan(plan) {
    const concepts = plan.concepts.map((concept, index) => [`Concept ${index}`, `${concept.images} × ${concept.repeats}`,
      classes(concept.class_images), concept.prompts.join("\n")]);
    const buckets = Object.entries(plan.buckets).map(([size, count]) => [size, String(count)]);
    const skipped = plan.skipped.map(({ path, reason }) => [path, reason]);
    return [
      h("dl", { class: "db-facts" }, [
        ["Method", `${plan.method}, ${plan.adapter === "none" ? "the full model" : plan.adapter}`],
        ["Length", `${plan.num_steps} steps, ${plan.num_epochs} epochs of ${plan.steps_per_epoch} steps`],
        ["Takes about", plan.estimated_seconds === null ? "not known on this device" : duration(plan.estimated_seconds)],
        ["Memory about", `${bytes(plan.estimated_memory_bytes)} on ${plan.device}`],
      ].flatMap(([label, told]) => [h("dt", {}, label), h("dd", {}, told)])),
      table("Concepts", ["Concept", "Images × repeats", "Class images", "Prompts as trained"], concepts),
      table("Sizes that are trained", ["Size in px", "Images"], buckets),
      skipped.length ? table("Pictures that are left out", ["File", "Why"], skipped) : null,
      ...plan.warnings.map((text) => h("p", { class: "db-note db-warn" }, text)),
    ];
  }

  function classes({ have, need, will_generate: missing }) {
    return need ? `${have} of ${need}${missing ? `, ${missing} will be made` : ""}` : "none";
  }

  function drawClasses({ concepts }) {
    return [table("Class images", ["Concept", "There now", "Made now", "Folder"], concepts.map((told) => [
      `Concept ${told.concept}`, `${told.have + told.generated} of ${told.need}`, String(told.generated), told.folder]))];
  }

  function drawImport(result) {
    const report = result.settings ?? {};
    const left = (report.without_meaning ?? []).filter(({ is_lost: isLost }) => isLost);
    const told = (entries) => entries.map(({ key, value, reason }) => [key, JSON.stringify(value), reason]);
    return [
      list(result, ["model", "family", "predicts", "resolution", "report"]),
      left.length ? table("Settings without a meaning here", ["Setting", "Value", "Why"], told(left)) : null,
      report.problems?.length ? table("Settings to look at", ["Setting", "Value", "Why"], told(report.problems)) : null,
    ];
  }

  /** All pictures of a grid as one, and where it lies. */
  function drawGrid(path, page) {
    const open = () => trainer.viewPicture(page, [{ path, title: path }], 0);
    return h("div", { class: "db-summary" },
      h("button", { type: "button", class: "db-thumb", "aria-label": "Show the grid large", onclick: open }, trainer.picture(path, { side: 1024, alt: "The grid" })),
      h("p", { class: "db-soft" }, `It lies in ${path}`));
  }

  const DRAW = {
    check: drawPlan,
    classes: drawClasses,
    import: drawImport,
    train: (result) => [list(result, ["checkpoint", "webui"])],
    sample: (result, page) => [result.grid && drawGrid(result.grid, page)],
    create: (result) => [list(result, ["model", "family", "predicts", "resolution", "num_weights", "dtype", "path"], { path: "Folder" })],
  };
  const OTHERS = ["path", "format", "family", "predicts", "bytes", "tensors", "changed", "modules", "ranks", "kept", "outside", "moved", "left_out", "discarded"];

  /** Elements that tell a job's result. */
  function drawResult(page, job, result) {
    if (!result) return [];
    const draw = DRAW[job] ?? (() => [list(result, OTHERS)]);
    return draw(result, page).filter(Boolean);
  }

  /** A job's name as people read it. */
  function jobTitle(job) {
    return JOBS[job] ?? job.replaceAll("_", " ");
  }

  Object.assign(trainer, { drawResult, jobTitle });
})();
