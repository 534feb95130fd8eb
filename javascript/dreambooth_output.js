"use strict";

// Output: what the shown run does, how far it is, what went wrong, what came of it.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h, duration, number } = trainer;
  const WARNINGS_OPEN = 2; // more are folded
  const GOOD = ["done"];
  const BAD = ["refused", "failed", "lost"];
  const ADVICE = {
    lost: "Press Resume to go on from the last saved state. The log below may tell more.",
    failed: "The log below tells more.",
  };

  function upper(text) {
    return text.charAt(0).toUpperCase() + text.slice(1);
  }

  /** A message as a sentence; one that begins with a setting's name keeps it as it is. */
  function sentence(text) {
    return /^[a-z_]+\.[a-z_0-9.]+[:=]/.test(text) ? text : upper(text);
  }

  /** Set text only where it differs, so that nothing is announced or drawn twice. */
  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  /** Do something only when what it depends on has changed. */
  function whenChanged(draw) {
    let before;
    return (...values) => {
      const now = JSON.stringify(values);
      if (now === before) return;
      before = now;
      draw(...values);
    };
  }

  class Output {
    constructor(page) {
      this.page = page;
      this.view = new trainer.RunView();
      this.graphs = new trainer.GraphPanel(page, this.view);
      this.samples = new trainer.SamplePanel(page, this.view);
      this.find = (kind) => page.find(`.db-output ${kind}`);
      this.drawFailure = whenChanged((status, message, job) => this.failure(status, message, job));
      this.drawWarnings = whenChanged((warnings) => this.warnings(warnings));
      this.drawResult = whenChanged((job, result) => this.result(job, result));
      this.drawSummary = whenChanged((path) => this.summary(path));
      this.drawChanges = whenChanged((changes) => this.changes(changes));
      this.drawJudgement = whenChanged((judgement) => this.judgement(judgement));
      this.drawCheckpoints = whenChanged((checkpoints) => this.checkpoints(checkpoints));
      this.drawClassImages = whenChanged((count, paths) => this.classImages(count, paths));
    }

    take(told) {
      if (!told) return;
      this.view.take(told);
      const { now } = this.view;
      this.status(now);
      this.figures(now);
      this.drawFailure(now.status, now.message ?? null, now.job);
      this.drawWarnings(now.warnings ?? []);
      this.drawResult(now.job, now.status === "done" || now.status === "stopped" ? now.result : null);
      this.drawSummary(now.summary ?? null);
      this.drawJudgement(now.judgement ?? null);
      this.drawChanges(now.changes ?? []);
      this.drawCheckpoints(now.checkpoints ?? []);
      const makesClasses = now.job === "classes" || (now.step ?? null) === null; // once a training has begun, they are no news
      this.drawClassImages(makesClasses ? now.num_class_images ?? 0 : 0, now.class_images ?? []);
      this.find(".db-output-log").hidden = !now.job;
      this.graphs.take();
      this.samples.take();
    }

    status(now) {
      const { status, progress } = now;
      const words = upper(now.words);
      const place = this.find(".db-status");
      write(place, words);
      place.className = `db-status db-is-${BAD.includes(status) ? "bad" : GOOD.includes(status) ? "good" : status}`;
      write(this.find(".db-status-told"), spoken(now));
      write(this.find(".db-run-title"), runTitle(now));
      const share = shareOf(now);
      const bar = this.find(".db-progress");
      bar.hidden = share === null;
      if (share !== null) {
        bar.setAttribute("aria-valuenow", Math.round(share * 100));
        bar.setAttribute("aria-valuetext", progress ? `${progress.what}: ${progress.done} of ${progress.total}` : words);
        bar.firstChild.style.width = `${share * 100}%`;
        bar.dataset.status = status;
      }
      this.statusline(words, share, status);
    }

    statusline(words, share, status) {
      const line = this.find(".db-statusline");
      line.hidden = status === "none";
      line.dataset.status = status;
      write(line.querySelector(".db-statusline-words"), words);
      write(line.querySelector(".db-statusline-share"), share === null ? "" : `${Math.floor(share * 100)} %`);
      line.querySelector(".db-statusline-done").style.width = `${(share ?? 0) * 100}%`;
    }

    figures(now) {
      const rows = figuresOf(now);
      const place = this.find(".db-figures");
      place.hidden = !rows.length;
      const boxes = [...place.children];
      rows.forEach(([label, value], index) => {
        const box = boxes[index] ?? place.appendChild(h("div", {}, h("dt"), h("dd")));
        write(box.firstChild, label);
        write(box.lastChild, value);
      });
      boxes.slice(rows.length).forEach((box) => box.remove());
    }

    failure(status, message, job) {
      const place = this.find(".db-failure");
      const isBad = BAD.includes(status);
      place.hidden = !isBad;
      const lines = isBad ? (message ?? "").split("\n").filter(Boolean) : [];
      const advice = isBad && (status !== "lost" || job === "train") ? ADVICE[status] : null;
      place.replaceChildren(...lines.map((line) => h("p", {}, sentence(line))), ...(advice ? [h("p", { class: "db-soft" }, advice)] : []));
    }

    warnings(warnings) {
      const notes = warnings.map(({ message }) => h("p", { class: "db-note db-warn" }, sentence(message)));
      const folded = notes.slice(0, -WARNINGS_OPEN);
      this.find(".db-warnings").replaceChildren(...notes.slice(-WARNINGS_OPEN),
        ...(folded.length ? [h("details", { class: "db-fold" }, h("summary", {}, `${folded.length} earlier warnings`), folded)] : []));
    }

    result(job, result) {
      const place = this.find(".db-result");
      const drawn = job ? trainer.drawResult(this.page, job, result) : [];
      place.hidden = !drawn.length;
      place.replaceChildren(...drawn);
    }

    summary(path) {
      const place = this.find(".db-summary");
      place.hidden = !path;
      if (!path) return place.replaceChildren();
      const title = "Loss, memory and samples of the whole run";
      const open = () => trainer.viewPicture(this.page, [{ path, title: path }], 0);
      return place.replaceChildren(h("h3", {}, "Summary"),
        h("button", { type: "button", class: "db-thumb", "aria-label": `${title}: show large`, onclick: open }, trainer.picture(path, { side: 1024, alt: title })),
        h("p", { class: "db-soft" }, `It lies in ${path}`));
    }

    /** Settings that somebody changed while it trained, each with the step from which it counts. */
    changes(changes) {
      const place = this.find(".db-changes");
      place.hidden = !changes.length;
      const words = ({ step, values }) => `from step ${step + this.view.stepsBefore + 1}: ${Object.entries(values).map(([name, value]) => `${name} = ${value}`).join(", ")}`;
      place.replaceChildren(place.firstElementChild, h("ul", {}, changes.map((change) => h("li", {}, words(change)))));
    }

    judgement(judgement) {
      const place = this.find(".db-judgement");
      const drawn = trainer.drawJudgement(this.page, judgement);
      place.hidden = !drawn.length;
      place.replaceChildren(...drawn);
    }

    checkpoints(checkpoints) {
      const place = this.find(".db-checkpoints");
      place.hidden = !checkpoints.length;
      write(place.querySelector("summary"), `Checkpoints (${checkpoints.length})`);
      place.querySelector("ul")?.remove();
      place.append(h("ul", {}, [...checkpoints].reverse().map(({ step, path }) => h("li", {}, h("strong", {}, `Step ${step + this.view.stepsBefore}`), ` ${path}`))));
    }

    /** While class images are made: how many, and the latest. */
    classImages(count, paths) {
      const place = this.find(".db-class-images");
      place.hidden = !count;
      if (!place.firstChild) place.append(h("h3"), h("div", { class: "db-gallery" }));
      write(place.firstChild, `The latest of ${count} class images`);
      const known = new Map([...place.lastChild.children].map((box) => [box.dataset.path, box]));
      trainer.settle(place.lastChild, paths.map((path, index) => {
        const box = known.get(path) ?? h("button", { type: "button", class: "db-thumb", "data-path": path, "aria-label": "Show this class image large" }, trainer.picture(path, { alt: "" }));
        box.onclick = () => trainer.viewPicture(this.page, paths.map((each) => ({ path: each, title: each })), index);
        return box;
      }));
    }
  }

  /** What is said aloud: what goes on, not every step of it. */
  function spoken({ status, progress, words }) {
    return status === "running" && progress ? upper(progress.what) : upper(words);
  }

  function runTitle({ job, run, began, ended, device }) {
    if (!job) return "";
    const model = run.split("/")[0];
    const time = began && new Date(began * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    return [`${trainer.jobTitle(job)}${model === ".jobs" ? "" : `: ${model}`}`, time, ended && `took ${duration(ended - began)}`, device && `on ${device}`].filter(Boolean).join(" · ");
  }

  /** How much is done, 0 … 1; null where that is not known. */
  function shareOf({ status, progress }) {
    if (status === "done") return 1;
    return progress && progress.total ? Math.min(1, progress.done / progress.total) : null;
  }

  function figuresOf(now) {
    if (now.step === null || now.step === undefined) return [];
    const pace = now.steps_per_second;
    return [
      ["Step", `${now.step} of ${now.num_steps}`],
      ["Speed", pace && (pace >= 1 ? `${number(Number(pace.toPrecision(3)))} it/s` : `${number(Number((1 / pace).toPrecision(3)))} s/it`)],
      ["Time left", now.eta_seconds === null ? null : duration(now.eta_seconds)],
      ["Epoch", now.epoch === null ? null : now.num_epochs ? `${now.epoch} of ${now.num_epochs}` : String(now.epoch)],
      ["In the model's life", `${now.lifetime_step} ${now.lifetime_step === 1 ? "step" : "steps"}, ${now.lifetime_epochs} ${now.lifetime_epochs === 1 ? "epoch" : "epochs"}`],
    ].filter(([, value]) => value);
  }

  trainer.part((page) => {
    const output = new Output(page);
    page.output = output;
    page.on("state", (state) => {
      page.find("[data-press='page.own_run']").hidden = page.poll.run === null;
      output.take(state.view);
    });
    page.press("page.own_run", () => page.poll.show(null));
    page.press("page.go_to_output", () => {
      page.find(".db-right").scrollIntoView({ behavior: "smooth", block: "start" });
    });
  });
})();
