"use strict";

// The page of the trainer. It is drawn by Python (dreambooth/ui); these scripts make it alive. Every file adds
// a part; a part is started for each page that appears, as a webui draws its page anew when it reloads.
// Nothing is global but `dreamboothTrainer`, and nothing outside #dreambooth_tab is touched.
// Scripts are loaded in the order of their names: this one, then what all use (_0_), then the rest.

(() => {
  if (window.dreamboothTrainer) return; // a host that loads its scripts twice
  const parts = [];
  const trainer = {
    /** Add a part: `start(page)` is called once for each page. */
    part(start) {
      parts.push(start);
      if (trainer.page) start(trainer.page);
    },
    page: null,
  };
  window.dreamboothTrainer = trainer;

  /** What was asked cannot be done; the message says what to do instead, a line for each reason. */
  class Refused extends Error {}
  trainer.Refused = Refused;

  function endpoint(path) {
    const config = window.gradio_config || {};
    const root = (config.root || "").replace(/\/$/, "");
    return `${root}${config.api_prefix || ""}/${path}`;
  }

  /** Ask Python for an action by its name; resolves to its result, throws Refused, or Error when it failed. */
  async function call(action, values = {}) {
    let answer;
    try {
      answer = await fetch(endpoint("run/dreambooth_call"), {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ data: [JSON.stringify({ action, values })] }),
      });
    } catch {
      throw new Error("The server does not answer. Your training goes on without it; start the server again.");
    }
    if (answer.status === 401 || answer.status === 403) {
      throw new Error("You are not logged in any more: load the page again.");
    }
    if (!answer.ok) throw new Error(`The server answered ${answer.status} to ${action}.`);
    const told = JSON.parse((await answer.json()).data[0]);
    if (told.refused !== undefined) throw new Refused(told.refused);
    if (told.failed !== undefined) throw new Error(told.failed);
    return told.result;
  }

  /** Hand files to the server; resolves to [{path, name}], paths being where the server put them. */
  async function upload(files) {
    const form = new FormData();
    for (const file of files) form.append("files", file, file.name);
    const answer = await fetch(endpoint("upload"), { method: "POST", body: form });
    if (!answer.ok) throw new Error(`The server did not take the files (${answer.status}).`);
    const paths = await answer.json();
    return paths.map((path, index) => ({ path, name: files[index].name }));
  }

  /** One page: its root element, what is chosen on it, and how its parts hear of each other. */
  class Page {
    constructor(root) {
      this.root = root;
      this.model = null; // the chosen model's name
      this.state = null; // what was polled last
      this.listeners = new Map();
      this.presses = new Map();
      this.call = call;
      this.upload = upload;
      root.addEventListener("click", (event) => this.pressed(event));
    }

    get isHere() {
      return this.root.isConnected;
    }

    find(selector) {
      return this.root.querySelector(selector);
    }

    findAll(selector) {
      return [...this.root.querySelectorAll(selector)];
    }

    on(event, listener) {
      if (!this.listeners.has(event)) this.listeners.set(event, []);
      this.listeners.get(event).push(listener);
    }

    emit(event, detail) {
      for (const listener of this.listeners.get(event) || []) listener(detail);
    }

    /** What a button with data-press="name" does; what it throws is told to the user. */
    press(name, action) {
      this.presses.set(name, action);
    }

    async pressed(event) {
      const button = event.target.closest("[data-press]");
      if (!button || !this.root.contains(button) || button.disabled) return;
      if (button.getAttribute("aria-busy") === "true") return; // pressed twice
      const action = this.presses.get(button.dataset.press);
      if (action) await this.attempt(() => action(button, event), button);
    }

    /** Do something that may be refused; the button, when there is one, waits for it. */
    async attempt(action, button = null) {
      if (button) button.setAttribute("aria-busy", "true");
      try {
        return await action();
      } catch (error) {
        this.tell(error.message, "error");
        if (!(error instanceof Refused)) console.error(error);
        return undefined;
      } finally {
        if (button) button.removeAttribute("aria-busy");
      }
    }

    /** A short message at the edge of the page: kind "info", "done" or "error". */
    tell(text, kind = "info", button = null) {
      this.emit("tell", { text, kind, button });
    }
  }

  function begin(root) {
    root.dataset.alive = "true";
    const page = new Page(root);
    trainer.page = page;
    for (const start of parts) start(page);
    page.emit("begin");
  }

  function look() {
    const root = document.getElementById("dreambooth_tab");
    if (root && !root.dataset.alive) begin(root);
  }

  let isWatching = false;

  function watch() {
    if (isWatching) return;
    isWatching = true;
    look();
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  }

  // Not before all of our files have been run, of which the last stands behind what a quick Gradio has drawn already.
  if (document.readyState === "complete") watch();
  document.addEventListener("DOMContentLoaded", watch);
  window.addEventListener("load", watch);
})();
