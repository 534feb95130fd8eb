"use strict";

// The training environment: set up while it is missing, looked at and removed on the Tools tab.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h } = trainer;
  const MAKING_MS = 1000;
  const MISSING_MS = 5000; // somebody may set it up elsewhere

  function startSetup(page) {
    const panel = page.find(".db-setup");
    const make = panel.querySelector("[data-press='environment.make']");
    const told = panel.querySelector(".db-setup-told");
    const notes = panel.querySelector(".db-setup-notes");
    const log = panel.querySelector(".db-setup-log");
    let timer;

    const look = async () => {
      clearTimeout(timer);
      if (!page.isHere) return;
      let state;
      try {
        state = await page.call("environment.state");
      } catch {
        timer = setTimeout(look, MISSING_MS); // the poll tells that the server is away
        return;
      }
      show(state);
    };

    const show = (state) => {
      clearTimeout(timer);
      const wasMissing = !panel.hidden;
      panel.hidden = state.ready;
      if (state.ready) {
        if (wasMissing) tellReady(state);
        return;
      }
      const isMaking = state.making.state === "making";
      panel.querySelector(".db-setup-why").textContent = isMaking ? "It is being set up." : state.why;
      panel.querySelector(".db-setup-folder").textContent = state.folder;
      make.disabled = isMaking;
      told.textContent = isMaking ? progressOf(state.making) : "";
      showNotes(state.making);
      log.hidden = state.log.length === 0;
      fill(log.querySelector("pre"), state.log);
      timer = setTimeout(look, isMaking ? MAKING_MS : MISSING_MS);
    };

    const showNotes = ({ state, told: last, warnings }) => {
      const lines = warnings.map((text) => ({ text, kind: "warn" }));
      if (state === "failed") lines.unshift({ text: last, kind: "bad" });
      const texts = lines.map(({ text }) => text).join("\n");
      if (notes.dataset.told === texts) return; // what was read out is not read again
      notes.dataset.told = texts;
      notes.replaceChildren(...lines.map(({ text, kind }) => h("p", { class: `db-note db-${kind}` }, text)));
    };

    const tellReady = ({ making }) => {
      page.tell("The training environment is ready.", "done");
      for (const text of making.warnings) page.tell(text, "error");
    };

    page.press("environment.make", async () => show(await page.call("environment.make")));
    page.on("begin", look);
    page.on("tab", look); // an update may have come while the page was open
    page.on("environment", show);
    page.on("tell", ({ kind }) => { if (kind === "error" && panel.hidden) look(); });
  }

  function progressOf({ told, began, downloaded_bytes: downloaded }) {
    const time = trainer.duration(Date.now() / 1000 - began);
    return `${told} – ${downloaded ? `${trainer.bytes(downloaded)} fetched, ` : ""}${time}`;
  }

  /** Lines of a log; whoever looks at its end goes on seeing it. */
  function fill(place, lines) {
    const text = lines.join("\n");
    if (place.textContent === text) return;
    const isAtEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 24;
    place.textContent = text;
    if (isAtEnd) place.scrollTop = place.scrollHeight;
  }

  function startTool(page) {
    const place = page.find(".db-environment");
    const size = (environment) => (environment.bytes === null ? "…" : trainer.bytes(environment.bytes));
    const show = (state) => {
      const rows = state.environments.map((each) => [each.folder, each.fault ? `not used: ${each.fault}` : "ready", each.in_use ? "yes" : "no", size(each)]);
      place.replaceChildren(rows.length
        ? trainer.table(["Folder", "State", "Something runs in it", "Size"], rows)
        : h("p", { class: "db-soft" }, `There is none in ${state.folder}.`));
      place.append(...state.making.warnings.map((text) => h("p", { class: "db-note db-warn" }, text)));
    };
    const look = async () => {
      for (;;) {
        const state = await page.call("environment.state", { measure: true });
        show(state);
        if (state.environments.every(({ bytes }) => bytes !== null) || !page.isHere) return;
        await new Promise((resolve) => { setTimeout(resolve, 700); });
      }
    };
    page.press("page.environment", look);
    page.press("environment.remove", async () => {
      const text = "Its packages are deleted; models, pictures and results stay. Nothing can be trained or drawn here until it is set up again, which takes some minutes and the network.";
      if (!await trainer.ask(page, { title: "Remove the training environment?", text, action: "Remove" })) return;
      page.emit("environment", await page.call("environment.remove", { confirmation: "remove" }));
      await look();
      page.tell("The training environment is removed.", "done");
    });
  }

  trainer.part((page) => {
    startSetup(page);
    startTool(page);
  });
})();
