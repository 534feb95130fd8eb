"use strict";

// Pictures: asked for when they come into sight, a few at a time, and kept for this page.

(() => {
  const trainer = window.dreamboothTrainer;
  const { h } = trainer;
  const MOST_AT_ONCE = 24;
  const KEPT = 600;
  const known = new Map(); // "side path" -> {data, width, height} or {fault}
  let wanted = new Map(); // "side path" -> [img elements]
  let timer = null;

  function remember(key, told) {
    known.set(key, told);
    if (known.size > KEPT) known.delete(known.keys().next().value);
  }

  function fill(image, told) {
    if (told.data) {
      image.src = told.data;
      return;
    }
    image.replaceWith(h("span", { class: "db-no-picture", title: told.fault }, "✕"));
  }

  const pathOf = (key) => key.slice(key.indexOf(" ") + 1);

  async function fetchSide(side, images) {
    const page = trainer.page;
    const paths = images.map(([key]) => pathOf(key));
    try {
      const { pictures } = await page.call("pictures.show", { paths, side_px: side, folders: page.pictureFolders || [] });
      for (const [key, elements] of images) {
        const told = pictures[pathOf(key)];
        if (told.pending) { // the server is still drawing it
          wanted.set(key, [...(wanted.get(key) ?? []), ...elements]);
          continue;
        }
        remember(key, told);
        elements.forEach((image) => fill(image, told));
      }
    } catch (error) {
      images.forEach(([, elements]) => elements.forEach((image) => fill(image, { fault: error.message })));
    }
  }

  async function fetchWanted() {
    timer = null;
    const bySide = new Map(); // side → [[key, img elements]]; taken before anything is waited for
    for (const key of [...wanted.keys()].slice(0, MOST_AT_ONCE)) {
      const side = key.slice(0, key.indexOf(" "));
      if (!bySide.has(side)) bySide.set(side, []);
      bySide.get(side).push([key, wanted.get(key)]);
      wanted.delete(key);
    }
    await Promise.all([...bySide].map(([side, images]) => fetchSide(Number(side), images)));
    if (wanted.size) later();
  }

  function later() {
    if (timer === null) timer = setTimeout(fetchWanted, 30);
  }

  const sight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      sight.unobserve(target);
      const key = target.dataset.picture;
      if (known.has(key)) fill(target, known.get(key));
      else {
        if (!wanted.has(key)) wanted.set(key, []);
        wanted.get(key).push(target);
        later();
      }
    }
  }, { rootMargin: "200px" });

  /** An img of a file that the server can read; `side` is the longest side in px, 0 the whole picture. */
  function picture(path, { side = 192, alt = "", version = "" } = {}) {
    const image = h("img", { class: "db-picture", alt, decoding: "async", "data-picture": `${side} ${path}`, "data-version": version });
    sight.observe(image);
    return image;
  }

  /** Forget what is known of a picture, as its file has changed. */
  function forgetPictures(paths) {
    for (const key of [...known.keys()]) {
      if (paths.includes(key.slice(key.indexOf(" ") + 1))) known.delete(key);
    }
  }

  /** The picture large, with words below it; arrow keys go through `list` of {path, title}. */
  function viewPicture(page, list, index) {
    const place = h("div", { class: "db-view-place" });
    const words = h("p", { class: "db-view-words" });
    const send = h("button", { type: "button", hidden: true, onclick: () => {
      box.close();
      trainer.sendToTxt2img(send.values);
    } }, "Send to txt2img");
    const step = (by) => { index = (index + by + list.length) % list.length; draw(); };
    function draw() {
      place.replaceChildren(picture(list[index].path, { side: 0, alt: list[index].title }));
      words.textContent = list[index].title;
      send.hidden = true;
      if (trainer.hasTxt2img()) offer(list[index].path);
    }
    /** To the webui's own tab, if the file says how it was generated. */
    async function offer(path) {
      const { values } = await page.call("pictures.generation", { path, folders: page.pictureFolders || [] }).catch(() => ({ values: {} }));
      if (list[index].path !== path) return; // another is shown by now
      send.values = values;
      send.hidden = values.prompt === undefined;
    }
    const box = h("dialog", { class: "db-view", "aria-label": "Picture" }, place, words,
      h("div", { class: "db-row db-end" }, send,
        list.length > 1 && h("button", { type: "button", onclick: () => step(-1), "aria-label": "Previous picture" }, "‹"),
        list.length > 1 && h("button", { type: "button", onclick: () => step(1), "aria-label": "Next picture" }, "›"),
        h("button", { type: "button", onclick: () => box.close() }, "Close")));
    box.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft") step(-1);
      if (event.key === "ArrowRight") step(1);
    });
    draw();
    trainer.show(page, box);
  }

  Object.assign(trainer, { picture, forgetPictures, viewPicture });
})();
