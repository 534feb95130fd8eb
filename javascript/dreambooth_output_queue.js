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
    let waiting = null; // the list of what runs and waits
    let drawn = null;

    function showButton(run) {
      return h("button", { type: "button", "data-press": "page.show_run", "data-run": run }, "Show");
    }

    function drawWaiting(queue) {
      const now = JSON.stringify(queue.map(({ run, status, words }) => [run, status, words]));
      if (now === drawn) return;
      drawn = now;
      const focused = waiting.contains(document.activeElement) ? [document.activeElement.dataset.press, document.activeElement.dataset.run] : null;
      waiting.replaceChildren(...queue.map((entry) => h("li", { class: "db-row" },
        h("span", { class: "db-grow" }, h("strong", {}, jobName(entry)), h("br"), h("span", { class: "db-soft" }, entry.words)),
        showButton(entry.run),
        h("button", { type: "button", class: "db-danger", "data-press": "run.cancel", "data-run": entry.run, "aria-label": `Cancel ${jobName(entry)}` }, "Cancel"))));
      if (!queue.length) waiting.replaceChildren(h("li", { class: "db-soft" }, "Nothing runs and nothing waits."));
      if (focused) waiting.querySelector(`[data-press="${focused[0]}"][data-run="${CSS.escape(focused[1])}"]`)?.focus();
    }

    async function drawFinished(place) {
      const { jobs } = await page.call("jobs.list", { limit: FINISHED });
      const over = jobs.filter((entry) => entry.outcome);
      place.replaceChildren(...over.map((entry) => h("li", { class: "db-row" },
        h("span", { class: "db-grow" }, h("strong", {}, jobName(entry)), h("br"), h("span", { class: "db-soft" }, told(entry))),
        showButton(entry.run))));
      if (!over.length) place.replaceChildren(h("li", { class: "db-soft" }, "None yet."));
    }

    page.press("page.queue", async () => {
      waiting = h("ul", { class: "db-queue-list", "aria-live": "polite" });
      drawn = null;
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
