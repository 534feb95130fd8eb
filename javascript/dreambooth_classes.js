"use strict";

// Class images: looked through, the bad ones put aside, others drawn in their place.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h } = trainer;

  trainer.part((page) => {
    const group = page.find(".db-group[data-group='class_images']");
    const concept = page.find(".db-class-concept");
    const place = page.find(".db-class-gallery");
    const told = page.find(".db-class-told");
    const chosen = new Set();
    let drawn = "";

    const drawConcepts = () => {
      const names = (page.chosen.values?.concepts ?? []).map((each, index) => `${index}: ${each.class_prompt || "no class prompt"}`);
      const before = concept.value;
      concept.replaceChildren(...names.map((name, index) => h("option", { value: String(index) }, name)));
      concept.value = names.length > Number(before) ? before || "0" : "0";
    };

    const count = () => {
      told.textContent = chosen.size ? `${chosen.size} chosen` : "";
    };

    async function draw() {
      if (!page.model || !group.open || concept.value === "") return;
      const { pictures } = await page.call("classes.list", { name: page.model, index: Number(concept.value) });
      const text = JSON.stringify([page.model, concept.value, pictures]);
      if (text === drawn) return;
      drawn = text;
      chosen.clear();
      count();
      const list = pictures.map((picture) => ({ path: picture.path, title: picture.prompt }));
      place.replaceChildren(...(list.length ? pictures.map((picture, index) => cell(picture, list, index))
        : [h("p", { class: "db-soft" }, "There are none yet.")]));
    }

    function cell(picture, list, index) {
      const box = h("input", { type: "checkbox", "aria-label": `Reject picture ${index + 1}: ${picture.prompt}`, disabled: picture.is_own,
        onchange: () => { if (box.checked) chosen.add(picture.path); else chosen.delete(picture.path); count(); } });
      return h("figure", {},
        h("button", { type: "button", class: "db-thumb", title: picture.prompt, onclick: () => trainer.viewPicture(page, list, index) },
          trainer.picture(picture.path, { side: 256, alt: picture.prompt })),
        h("figcaption", { class: "db-row db-soft" }, box, picture.is_own ? "your own" : "reject"));
    }

    page.on("settings", () => { drawConcepts(); page.attempt(draw); });
    page.on("model", () => { drawn = ""; });
    page.on("tab", (name) => { if (name === "generate") page.attempt(draw); });
    concept.addEventListener("change", () => page.attempt(draw));
    group.addEventListener("toggle", () => page.attempt(draw));

    const make = async () => {
      await page.chosen.save();
      const { run } = await page.call("classes.make", { name: page.model });
      await trainer.followJob(page, run, (view) => { told.textContent = trainer.progressWords(view); });
      told.textContent = "";
      await draw();
    };
    page.press("classes.make", make);
    page.press("classes.reject", async () => {
      if (!chosen.size) throw new trainer.Refused("Choose the pictures that are no good first.");
      const paths = [...chosen];
      await page.call("classes.reject", { name: page.model, index: Number(concept.value), paths });
      trainer.forgetPictures(paths);
      await draw();
      await make();
    });
  });
})();
