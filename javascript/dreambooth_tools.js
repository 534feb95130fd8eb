"use strict";

// Tools: a form and a job each; TensorBoard, doctor, buckets, jobs and logs.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h } = trainer;

  function startFileTools(page) {
    for (const button of page.findAll("[data-press^='tools.']")) {
      const press = button.dataset.press;
      const form = page.find(`#dreambooth_tab_tools .db-fields[data-form="${press.slice("tools.".length)}"]`);
      const told = button.parentElement.querySelector(".db-tool-told");
      page.press(press, async () => {
        const { run } = await trainer.askForm(page, form, press);
        try {
          const result = await trainer.followJob(page, run, (view) => { told.textContent = trainer.progressWords(view); });
          told.textContent = `${result.path} (${trainer.bytes(result.bytes)})`;
        } catch (error) {
          told.textContent = "";
          throw error;
        }
      });
    }
  }

  /** A table of rows of words, the first of each naming it. */
  function table(titles, rows) {
    return h("div", { class: "db-scroll", tabindex: 0, role: "group", "aria-label": titles.join(", ") },
      h("table", { class: "db-table" },
        h("thead", {}, h("tr", {}, titles.map((title) => h("th", { scope: "col" }, title)))),
        h("tbody", {}, rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), rest.map((cell) => h("td", {}, cell)))))));
  }

  function waiting() {
    return h("p", { class: "db-soft" }, "Looking …");
  }

  /** Ask anew until the answer is worked out; `wait()` is called while it is not. */
  async function askUntilThere(page, action, values, wait) {
    let told = await page.call(action, { ...values, again: true });
    while (told.pending) {
      wait();
      await new Promise((resolve) => { setTimeout(resolve, 700); });
      told = await page.call(action, values);
    }
    return told;
  }

  /** What fields for files offer: told anew when the tools are opened. */
  function startKnownFiles(page) {
    page.on("tab", (name) => {
      if (name !== "tools" && name !== "create") return;
      page.attempt(async () => {
        const { files } = await page.call("files.list");
        page.find("#dreambooth_files").replaceChildren(...files.map((path) => h("option", { value: path })));
      });
    });
  }

  function startModelTools(page) {
    page.press("buckets.dry_run", async () => {
      await page.chosen.save();
      const place = page.find(".db-buckets");
      const told = await askUntilThere(page, "buckets.dry_run", { name: page.model }, () => place.replaceChildren(waiting()));
      const drawing = h("div", {}, waiting());
      const rows = told.buckets.map((bucket) => [`${bucket.width} × ${bucket.height}`,
        ...[bucket.images, bucket.shown, bucket.class_images_shown, bucket.batches, bucket.smaller_batches].map(String)]);
      place.replaceChildren(
        h("p", {}, `An epoch shows ${told.num_shown} pictures in ${told.steps_per_epoch} steps; ${told.num_smaller_batches} of its ${told.num_batches} batches have fewer than ${told.batch_size}.`),
        table(["Size", "Pictures", "Shown", "Class images shown", "Batches", "Smaller ones"], rows),
        drawing,
        ...[...told.warnings, ...told.skipped.map(({ path, reason }) => `${path}: ${reason}`)].map((text) => h("p", { class: "db-note db-warn" }, text)));
      const { data, width, height } = await askUntilThere(page, "buckets.picture", { name: page.model }, () => {});
      drawing.replaceChildren(h("img", { class: "db-drawing", src: data, width, height, alt: `${rows.length} sizes drawn to scale, and how some pictures are cut to them` }));
    });
    page.press("check.start", async () => {
      await page.chosen.save();
      const place = page.find(".db-check");
      const { run } = await page.call("check.start", { name: page.model });
      const plan = await trainer.followJob(page, run, (view) => place.replaceChildren(h("p", { class: "db-soft" }, trainer.progressWords(view))));
      place.replaceChildren(table(["What", "Plan"], planRows(plan)));
    });
  }

  function planRows(plan) {
    const concepts = plan.concepts.map((concept, index) => [`concept ${index}`,
      `${concept.images} pictures × ${concept.repeats}, as ${concept.prompts.map((prompt) => `“${prompt}”`).join(", ")}; class images: ${concept.class_images.have} there, ${concept.class_images.need} needed`]);
    return [
      ["training", `${plan.method}, ${plan.adapter === "none" ? "full model" : plan.adapter}, on ${plan.device}`],
      ...concepts,
      ["steps", `${plan.num_steps} = ${plan.num_epochs} epochs of ${plan.steps_per_epoch}`],
      ["sizes", Object.entries(plan.buckets).map(([size, count]) => `${count} × ${size}`).join(", ")],
      ["time", trainer.duration(plan.estimated_seconds)],
      ["memory", trainer.bytes(plan.estimated_memory_bytes)],
      ...plan.skipped.map((skipped) => ["left out", `${skipped.path}: ${skipped.reason}`]),
      ...plan.warnings.map((warning) => ["warning", warning]),
    ];
  }

  function startTensorboard(page) {
    const place = page.find(".db-tensorboard");
    const show = ({ url }) => {
      page.find("[data-press='tensorboard.start']").disabled = Boolean(url);
      page.find("[data-press='tensorboard.stop']").disabled = !url;
      place.replaceChildren(url ? h("a", { href: url, target: "_blank", rel: "noopener" }, `Open ${url}`) : "It is not running.");
    };
    page.press("tensorboard.start", async () => show(await page.call("tensorboard.start")));
    page.press("tensorboard.stop", async () => show(await page.call("tensorboard.stop")));
    page.on("tab", (name) => { if (name === "tools") page.attempt(async () => show(await page.call("tensorboard.state"))); });
  }

  function startDoctor(page) {
    const place = page.find(".db-doctor");
    page.press("doctor.run", async () => {
      const told = await askUntilThere(page, "doctor.run", {}, () => place.replaceChildren(waiting()));
      place.replaceChildren(table(["What", "State", "Told"], told.findings.map((finding) => [
        finding.name, { ok: "✓ ok", warning: "! warning", missing: "✕ missing" }[finding.state], [finding.text, finding.advice].filter(Boolean).join(" → ")])));
    });
  }

  function startJobs(page) {
    const place = page.find(".db-jobs");
    const log = page.find(".db-log");
    page.press("jobs.list", async () => {
      const { jobs } = await page.call("jobs.list", { limit: 30 });
      const rows = jobs.map((job) => [job.job, job.model ?? "–", trainer.ago(job.given), job.outcome === "lost" ? "ended without a word" : job.outcome ?? "under way",
        h("div", { class: "db-row" },
          h("button", { type: "button", onclick: () => page.poll.show(job.run), "aria-label": `Show ${job.run} in Output` }, "Show"),
          h("button", { type: "button", onclick: () => page.attempt(() => readLog(job.run)), "aria-label": `Log of ${job.run}` }, "Log"))]);
      place.replaceChildren(rows.length ? table(["Job", "Model", "Began", "Ended", ""], rows) : h("p", { class: "db-soft" }, "Nothing was done yet."));
    });
    async function readLog(run) {
      const { lines } = await page.call("run.log", { run, lines: 200 });
      log.replaceChildren(h("pre", { class: "db-pre", tabindex: 0, "aria-label": `Log of ${run}` }, lines.join("\n") || "The log is empty."));
    }
  }

  trainer.table = table;
  trainer.part((page) => {
    startFileTools(page);
    startKnownFiles(page);
    startModelTools(page);
    startTensorboard(page);
    startDoctor(page);
    startJobs(page);
  });
})();
