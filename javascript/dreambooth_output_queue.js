"use strict";

// The queue: what runs, what waits, what was done last; each can be shown in Output.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h } = trainer;
  const FINISHED = 20;

  function jobName({ job, model }) {
    return `${trainer.jobTitle(job)}${model ? `: ${model}` : ""}`;
  }

  function told({ outcome, message, ended, given }) {
    const end = outcome === "lost" ? "ended without a word" : outcome;
    return [message && outcome !== "lost" ? `${end}: ${message.split("\n")[0]}` : end, trainer.ago(ended ?? given)].join(" · ");
  }

  trainer.part((page) => {
    let box = null;
    let rows = new Map(); // run → its row
    const waiting = h("ul", { class: "db-queue-list" }); // what runs and waits
    const none = h("li", { class: "db-soft" }, "Nothing runs and nothing waits.");

    function showButton(entry) {
      return h("button", { type: "button", "data-press": "page.show_run", "data-run": entry.run, "aria-label": `Show ${jobName(entry)} in Output` }, "Show");
    }

    /** A row for each job; one that is there keeps its buttons, so that a press is never lost. */
    function drawWaiting(queue) {
      const before = rows;
      rows = new Map(queue.map((entry) => [entry.run, before.get(entry.run) ?? drawJob(entry)]));
      for (const { run, words } of queue) {
        const place = rows.get(run).querySelector(".db-soft");
        if (place.textContent !== words) place.textContent = words;
      }
      trainer.settle(waiting, queue.length ? [...rows.values()] : [none]);
    }

    function drawJob(entry) {
      return h("li", { class: "db-row" },
        h("span", { class: "db-grow" }, h("strong", {}, jobName(entry)), h("br"), h("span", { class: "db-soft" })),
        showButton(entry),
        h("button", { type: "button", class: "db-danger", "data-press": "run.cancel", "data-run": entry.run, "aria-label": `Cancel ${jobName(entry)}` }, "Cancel"));
    }

    async function drawFinished(place) {
      const { jobs } = await page.call("jobs.list", { limit: FINISHED });
      const over = jobs.filter((entry) => entry.outcome);
      place.replaceChildren(...over.map((entry) => h("li", { class: "db-row" },
        h("span", { class: "db-grow" }, h("strong", {}, jobName(entry)), h("br"), h("span", { class: "db-soft" }, told(entry))),
        showButton(entry))));
      if (!over.length) place.replaceChildren(h("li", { class: "db-soft" }, "None yet."));
    }

    page.press("page.queue", async () => {
      const finished = h("ul", { class: "db-queue-list" });
      drawWaiting(page.state?.queue ?? []);
      box = h("dialog", { class: "db-dialog", "aria-label": "Queue" },
        h("h3", {}, "Queue"), h("p", { class: "db-soft" }, "One job at a time uses the device; the others wait."), waiting,
        h("h4", {}, "Finished last"), finished,
        h("div", { class: "db-row db-end" }, h("button", { type: "button", onclick: () => box.close() }, "Close")));
      trainer.show(page, box, () => { box = null; });
      await drawFinished(finished);
    });
    page.press("page.show_run", (button) => {
      page.poll.show(button.dataset.run);
      box?.close();
      page.find(".db-right").scrollIntoView({ block: "nearest" });
    });
    page.press("run.cancel", async (button) => {
      const { run } = button.dataset;
      await page.call("run.cancel", { run });
      page.tell("Cancelled: it ends as soon as it can.", "done");
      page.poll.now();
    });
    page.on("state", (state) => { if (box) drawWaiting(state.queue); });
  });
})();
