"use strict";

// The end of a run's log: fetched while it is open, and followed as long as its end is in sight.

(() => {
  const trainer = window.dreamboothTrainer;
  const AGAIN_MS = 2000;
  const LINES = 300;

  trainer.part((page) => {
    const fold = page.find(".db-output-log");
    const text = page.find(".db-output-log-text");
    let timer = null;

    async function refresh() {
      clearTimeout(timer);
      if (!page.isHere || !fold.open || fold.hidden) return;
      const run = page.state?.view?.run;
      if (run && !document.hidden) {
        const { lines } = await page.call("run.log", { run, lines: LINES }).catch((error) => ({ lines: [error.message] }));
        if (run === page.state?.view?.run) show(lines.join("\n") || "Nothing has been written yet.");
      }
      clearTimeout(timer);
      timer = setTimeout(refresh, AGAIN_MS);
    }

    function show(told) {
      if (text.textContent === told) return;
      const isAtEnd = text.scrollHeight - text.scrollTop - text.clientHeight < 30;
      text.textContent = told;
      if (isAtEnd) text.scrollTop = text.scrollHeight;
    }

    let shown = null;
    fold.addEventListener("toggle", refresh);
    page.on("state", ({ view }) => {
      if (view?.run === shown) return;
      shown = view?.run;
      text.textContent = "";
      refresh();
    });
  });
})();
