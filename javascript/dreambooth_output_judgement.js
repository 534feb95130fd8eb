"use strict";

// Which step is good: the verdict, what was measured at each save, and the same pictures by all of them.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h, number } = trainer;

  function nameOf(path) {
    return path.split(/[\\/]/).pop();
  }

  function percent(share) {
    return share === null || share === undefined ? "–" : `${Math.round(share * 100)} %`;
  }

  function drawTable({ saves, best }) {
    const heads = ["Step", "Validation", "Drift", "Saved as"];
    return h("div", { class: "db-scroll" }, h("table", { class: "db-table" },
      h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, [...saves].reverse().map((save) => h("tr", {},
        h("th", { scope: "row" }, String(save.step), save.step === best && h("span", { class: "db-tag" }, "best")),
        h("td", {}, save.validation === null ? "–" : number(save.validation)),
        h("td", {}, percent(save.drift)),
        h("td", {}, save.paths.map(nameOf).join("\n")))))));
  }

  function drawGrid(page, { grid, num_drawn: turn }) {
    const title = "The same pictures by every saved step";
    const open = () => trainer.viewPicture(page, [{ path: grid, title, key: `${grid} ${turn}` }], 0);
    return h("button", { type: "button", class: "db-thumb", "aria-label": `${title}: show large`, onclick: open },
      trainer.picture(grid, { side: 1024, alt: title }));
  }

  /** The panel's content; nothing before the first save. */
  trainer.drawJudgement = (page, judgement) => {
    if (!judgement || !judgement.saves.length) return [];
    if (judgement.grid) trainer.forgetPictures([judgement.grid]); // it grows under the same name
    return [
      h("h3", {}, "Which step is good?"),
      h("p", { class: "db-verdict" }, judgement.words),
      drawTable(judgement),
      judgement.grid && drawGrid(page, judgement),
      h("p", { class: "db-soft" }, "Validation: lower is better. Drift: how far ordinary pictures have moved, 100 % being a quite different one. A saved step becomes the model again under Models, Go back to it."),
    ].filter(Boolean);
  };
})();
