"use strict";

// The dataset editor: every picture of the current concept with its caption, and changes to all of them.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h, fields } = trainer;
  const AT_ONCE = 40;
  const CHANGES = {
    prefix: { label: "Put in front", words: ["What"] },
    suffix: { label: "Put behind", words: ["What"] },
    replace: { label: "Replace", words: ["What", "By what"] },
    add_tag: { label: "Add a tag", words: ["Tag"] },
    remove_tag: { label: "Remove a tag", words: ["Tag"] },
    dedupe_tags: { label: "Remove repeated tags", words: [] },
  };

  class Editor {
    constructor(page) {
      this.page = page;
      this.group = page.find(".db-editor");
      this.place = page.find(".db-dataset");
      this.told = page.find(".db-dataset-told");
      this.search = page.find(".db-dataset-search");
      this.more = page.find("[data-press='dataset.list']");
      this.shown = []; // pictures as they were told
      this.total = 0;
      this.asked = 0;
    }

    get folder() {
      return this.page.concepts.current?.instance_data_dir ?? "";
    }

    /** What every request about this folder says. */
    get about() {
      return { name: this.page.model, index: this.page.concepts.index, folder: this.folder };
    }

    /** Read the folder anew, from its beginning. */
    async load() {
      if (!this.group.open || !this.page.model) return;
      if (!this.folder) {
        this.place.replaceChildren(h("p", { class: "db-soft" }, "Name a folder with pictures first."));
        this.more.hidden = true;
        return;
      }
      this.shown = [];
      this.place.replaceChildren();
      await this.showMore();
    }

    async showMore() {
      const number = ++this.asked;
      const part = { ...this.about, offset: this.shown.length, limit: AT_ONCE, search: this.search.value.trim() };
      const { pictures, total, complete } = await this.page.call("dataset.list", part);
      if (number !== this.asked) return;
      this.total = total;
      for (const picture of pictures) {
        this.shown.push(picture);
        this.place.append(this.row(picture));
      }
      this.more.hidden = this.shown.length >= total;
      if (!total) this.place.replaceChildren(h("p", { class: "db-soft" }, this.search.value ? "Nothing found." : "There are no pictures."));
      for (const text of this.place.querySelectorAll("textarea")) fields.grow(text);
      if (!complete) await this.measure(part, number);
    }

    /** Sizes come when the pictures have been looked at. */
    async measure(part, number) {
      const { pictures } = await whole(this.page, "dataset.list", part);
      if (number !== this.asked) return;
      const measured = new Map(pictures.map((picture) => [picture.path, picture]));
      for (const picture of this.shown) { // a list may name a picture several times
        if (!measured.has(picture.path)) continue;
        const { width, height, bucket, mask, fault } = measured.get(picture.path);
        Object.assign(picture, { width, height, bucket, mask, fault });
        picture.facts.textContent = factsOf(picture);
        picture.badge.replaceChildren(...badgeOf(picture));
      }
    }

    row(picture) {
      const name = picture.name;
      const text = h("textarea", { rows: 2, "aria-label": `Caption of ${name}`, value: picture.caption, spellcheck: "true", readonly: Boolean(picture.fixed) });
      const state = h("span", { class: "db-soft", role: "status" }, originOf(picture));
      text.addEventListener("input", () => fields.grow(text));
      text.addEventListener("change", () => this.page.attempt(async () => {
        const told = await this.page.call("dataset.caption", { ...this.about, path: picture.path, caption: text.value, before: picture.caption });
        picture.caption = text.value = told.caption;
        state.textContent = told.caption_from === "name" ? originOf(told) : "saved";
      }));
      const remove = h("button", { type: "button", "aria-label": `Take out ${name}`, onclick: () => this.page.attempt(() => this.remove(picture, row)) }, "Take out");
      picture.facts = h("span", {}, factsOf(picture));
      picture.badge = h("span", {}, badgeOf(picture));
      const list = () => this.shown.map(({ path, name: title }) => ({ path, title }));
      const row = h("div", { class: "db-dataset-row" },
        h("button", { type: "button", class: "db-thumb", title: name, onclick: () => trainer.viewPicture(this.page, list(), this.shown.indexOf(picture)) },
          trainer.picture(picture.path, { side: 192, alt: name })),
        h("div", { class: "db-stack" },
          h("p", { class: "db-soft" }, picture.facts, " ", picture.badge, " ", optionsOf(picture), " ", state),
          text),
        remove);
      return row;
    }

    async remove(picture, row) {
      await this.page.call("dataset.remove", { ...this.about, paths: [picture.path] });
      this.shown.splice(this.shown.indexOf(picture), 1);
      row.remove();
      this.page.tell(`${picture.name} is in the model's backups now.`, "done");
      this.page.concepts.askSoon();
    }
  }

  function factsOf({ name, width, height, bucket, fault }) {
    if (fault) return `${name} · cannot be used: ${fault}`;
    return width ? `${name} · ${width} × ${height}, trained as ${bucket}` : name;
  }

  /** What is said of this picture alone, or of its folder. */
  function optionsOf({ options }) {
    return options.flatMap((option) => [h("span", { class: "db-badge" }, option), " "]);
  }

  /** Where its caption stands, and why it cannot be changed here. */
  function originOf({ caption_from: from, fixed }) {
    if (fixed) return fixed;
    return from === "name" ? "from the file's name" : from === "txt" ? "" : `from ${from}`;
  }

  /** How much of a picture is learnt, where a mask leaves something out. */
  function badgeOf({ mask }) {
    if (!mask) return [];
    const where = mask.kind === "alpha" ? "its own transparency" : "a file beside it";
    return [h("span", { class: "db-badge", title: `The mask is ${where}; white or opaque parts are learnt.` }, `mask: ${Math.round(100 * mask.learnt_share)} % learnt`)];
  }

  function startBulk(page, editor) {
    page.press("dataset.bulk", () => {
      const kind = h("select", { id: "dreambooth_bulk_kind" }, Object.entries(CHANGES).map(([name, { label }]) => h("option", { value: name }, label)));
      const words = [h("input", { type: "text", id: "dreambooth_bulk_text" }), h("input", { type: "text", id: "dreambooth_bulk_by" })];
      const labels = words.map((input) => h("label", { for: input.id }));
      const preview = h("div", { "aria-live": "polite", class: "db-stack" });
      const change = () => ({ kind: kind.value, text: words[0].value, by: words[1].value });
      const look = trainer.debounce(async () => {
        try {
          const told = await page.call("dataset.bulk", { ...editor.about, change: change(), dry_run: true });
          preview.replaceChildren(h("p", {}, `${told.changed} captions change.`),
            ...told.changes.slice(0, 3).map(({ before, after }) => h("p", {}, h("del", { class: "db-soft" }, before || "(empty)"), " → ", h("strong", {}, after || "(empty)"))));
        } catch (error) {
          preview.replaceChildren(h("p", { class: "db-fault" }, error.message));
        }
      }, 250);
      const arrange = () => {
        words.forEach((input, index) => {
          const label = CHANGES[kind.value].words[index];
          input.hidden = label === undefined;
          labels[index].hidden = label === undefined;
          labels[index].textContent = label ?? "";
        });
        look();
      };
      kind.addEventListener("change", arrange);
      words.forEach((input) => input.addEventListener("input", look));
      const box = h("dialog", { class: "db-dialog", "aria-label": "Change all captions" },
        h("h3", {}, "Change all captions"),
        h("label", { for: "dreambooth_bulk_kind" }, "Change"), kind, labels[0], words[0], labels[1], words[1], preview,
        h("div", { class: "db-row db-end" },
          h("button", { type: "button", onclick: () => box.close() }, "Cancel"),
          h("button", { type: "button", class: "db-primary", onclick: () => page.attempt(async () => {
            const told = await whole(page, "dataset.bulk", { ...editor.about, change: change(), dry_run: false }, preview);
            box.close();
            page.tell(`${told.changed} captions are changed; Undo takes it back.`, "done");
            await changed(page, editor);
          }) }, "Change them")));
      trainer.show(page, box);
      arrange();
    });
    page.press("dataset.undo", async () => {
      const told = await whole(page, "dataset.undo", editor.about, editor.told);
      const left = told.left.length ? ` ${told.left.length} were changed since and are left.` : "";
      page.tell(`${told.restored} captions are as they were before.${left}`, "done");
      await changed(page, editor);
    });
  }

  async function changed(page, editor) {
    page.concepts.askSoon();
    await editor.load();
  }

  /** Ask again as long as the answer is being worked out; work that changes files goes on under its own name. */
  async function whole(page, action, values, told) {
    let answer = await page.call(action, values);
    while (answer.complete === false) {
      if (told) told.textContent = `${answer.done} of ${answer.total} …`;
      await new Promise((resolve) => { setTimeout(resolve, 600); });
      answer = answer.work ? await page.call("dataset.follow", { work: answer.work }) : await page.call(action, values);
    }
    return answer;
  }

  function startLooks(page, editor) {
    page.press("dataset.tags", async () => {
      const { tags } = await whole(page, "dataset.tags", editor.about, editor.told);
      const find = (tag) => { editor.search.value = tag; page.attempt(() => editor.load()); };
      editor.told.replaceChildren(tags.length
        ? h("div", { class: "db-row" }, tags.map(({ tag, count }) => h("button", { type: "button", class: "db-tag-button", onclick: () => find(tag), title: "Show the pictures that have it" }, `${tag} (${count})`)))
        : "There are no tags.");
    });
    page.press("dataset.duplicates", async () => {
      const { groups } = await whole(page, "dataset.duplicates", editor.about, editor.told);
      editor.told.replaceChildren(h("p", {}, groups.length ? `${groups.length} groups of pictures look alike:` : "No two pictures look alike."),
        ...groups.map((paths) => {
          const list = paths.map((path) => ({ path, title: path.split(/[\\/]/).pop() }));
          return h("div", { class: "db-gallery db-strip" }, list.map(({ path, title }, index) => h("button", {
            type: "button", class: "db-thumb", title, onclick: () => trainer.viewPicture(page, list, index),
          }, trainer.picture(path, { side: 192, alt: title }))));
        }));
    });
    page.press("dataset.crop", async () => {
      const to = await trainer.askText(page, { title: "Crop copies", label: "New folder for the copies (the originals stay as they are)", value: `${editor.folder.replace(/\.(jsonl?|toml)$/i, "")}_cropped`, action: "Crop" });
      if (!to) return;
      const told = await whole(page, "dataset.crop", { ...editor.about, to, dry_run: false }, editor.told);
      const sizes = Object.entries(told.sizes).map(([size, count]) => `${count} × ${size}`).join(", ");
      editor.told.textContent = `${told.written} copies are in ${to}: ${sizes}.`;
    });
  }

  function startTagger(page, editor) {
    page.press("tagger.run", async () => {
      const { taggers } = await page.call("tagger.list", {});
      const usable = taggers.filter((tagger) => tagger.is_there);
      const which = h("select", { id: "dreambooth_tagger" }, usable.map((tagger) => h("option", { value: tagger.name }, tagger.label)));
      const mode = h("select", { id: "dreambooth_tagger_mode" },
        [["missing", "only pictures without a caption file"], ["append", "behind what is there"], ["replace", "in the place of what is there"]].map(([value, label]) => h("option", { value }, label)));
      const threshold = h("input", { type: "text", inputmode: "decimal", id: "dreambooth_tagger_threshold", value: "0.35" });
      const box = h("dialog", { class: "db-dialog", "aria-label": "Write captions" },
        h("h3", {}, "Write captions"),
        ...taggers.filter((tagger) => !tagger.is_there).map((tagger) => h("p", { class: "db-note" }, `${tagger.label}: ${tagger.advice}`)),
        ...(usable.length ? [
          h("label", { for: which.id }, "By"), which, h("label", { for: mode.id }, "Where"), mode,
          h("label", { for: threshold.id }, "Least confidence (of WD14)"), threshold] : []),
        h("div", { class: "db-row db-end" },
          h("button", { type: "button", onclick: () => box.close() }, "Close"),
          usable.length > 0 && h("button", { type: "button", class: "db-primary", onclick: () => page.attempt(async () => {
            const told = await page.call("tagger.run", { ...editor.about, which: which.value, mode: mode.value, threshold: Number(threshold.value) });
            box.close();
            await trainer.followJob(page, told.run, (view) => { editor.told.textContent = trainer.progressWords(view); });
            editor.told.textContent = "";
            await changed(page, editor);
          }) }, "Write them")));
      trainer.show(page, box);
    });
  }

  trainer.part((page) => {
    const editor = new Editor(page);
    const reload = () => page.attempt(() => editor.load());
    editor.group.addEventListener("toggle", reload);
    editor.search.addEventListener("input", trainer.debounce(reload, 300));
    page.on("concept", reload);
    page.on("dataset", reload);
    page.on("model", () => { editor.place.replaceChildren(); editor.told.replaceChildren(); });
    page.press("dataset.list", () => editor.showMore());
    startBulk(page, editor);
    startLooks(page, editor);
    startTagger(page, editor);
  });
})();
