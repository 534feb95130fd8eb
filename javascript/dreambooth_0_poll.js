"use strict";

// What goes on: asked for every half second while something runs and the page is seen, seldom otherwise.

(() => {
  const trainer = window.dreamboothTrainer;
  const BUSY_MS = 500;
  const IDLE_MS = 2000;
  const AWAY_MS = 6000; // seldom: A1111 ends when it is asked in a certain moment of its start
  const HIDDEN_MS = 10000;

  class Poll {
    constructor(page) {
      this.page = page;
      this.cursor = null;
      this.run = null; // a run that was asked to be shown; else the model's own
      this.timer = null;
      this.isAway = false;
      this.known = null; // revisions at the last poll
    }

    /** Show this run from now on; null: whatever the model does. */
    show(run) {
      this.run = run;
      this.cursor = null;
      this.now();
    }

    now() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), 0);
    }

    async ask() {
      if (!this.page.isHere) return; // the host drew the page anew
      let delay = IDLE_MS;
      const model = this.page.model;
      const asked = this.run;
      try {
        const state = await this.page.call("page.state", { model, run: asked, cursor: this.cursor });
        if (this.isAway) this.page.tell("The server is back.", "done");
        this.isAway = false;
        if (model === this.page.model && asked === this.run) this.take(state);
        if (state.queue.length) delay = BUSY_MS;
      } catch (error) {
        if (!this.isAway) this.page.tell(error.message, "error");
        this.isAway = true;
        this.page.emit("away");
      }
      if (this.isAway) delay = AWAY_MS;
      if (document.hidden) delay = HIDDEN_MS;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), delay);
    }

    take(state) {
      this.cursor = state.view?.cursor ?? null;
      this.page.state = state;
      this.page.emit("state", state);
      const { revisions } = state;
      const before = this.known;
      this.known = { ...revisions, model: this.page.model };
      if (!before) return;
      if (before.models !== revisions.models) this.page.emit("models changed");
      if (before.model === this.page.model && before.settings !== revisions.settings) this.page.chosen.notice(revisions.settings);
    }
  }

  const OVER = ["done", "stopped", "paused", "discarded", "refused", "failed", "lost", "none"];

  /**
   * Follow a job to its end; `told(view)` hears of each look at it. Output shows it, unless a training is under
   * way or `isShown` is false. Resolves to its result; throws what it was refused or failed with.
   */
  async function followJob(page, run, told = () => {}, { isShown = true } = {}) {
    if (isShown && !page.state?.alive_training) page.poll.show(run);
    page.poll.now();
    let cursor = null;
    for (;;) {
      const view = await page.call("run.view", { run, cursor });
      cursor = view.cursor;
      told(view);
      if (view.status === "done") return view.result;
      if (OVER.includes(view.status)) throw new trainer.Refused(view.message || view.words);
      await new Promise((resolve) => { setTimeout(resolve, BUSY_MS); });
      if (!page.isHere) throw new Error("The page was drawn anew.");
    }
  }

  /** How far a job is, in a few words. */
  function progressWords(view) {
    const { progress } = view;
    return progress?.total ? `${progress.what}: ${progress.done} of ${progress.total}` : view.words;
  }

  trainer.followJob = followJob;
  trainer.progressWords = progressWords;
  trainer.part((page) => {
    page.poll = new Poll(page);
    page.on("model", () => page.poll.show(null));
    document.addEventListener("visibilitychange", () => { if (!document.hidden && page.isHere) page.poll.now(); });
  });
})();
