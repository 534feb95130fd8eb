"use strict";

// Elements, words for numbers, messages and questions.

(() => {
  const trainer = window.dreamboothTrainer;
  const SVG = "http://www.w3.org/2000/svg";
  const SVG_NAMES = new Set(["svg", "path", "line", "text", "g", "rect", "circle", "polyline", "polygon"]);

  /** An element; text is set as text, never read as HTML. `on…` attributes are listeners. */
  function h(name, attributes = {}, ...children) {
    const made = SVG_NAMES.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (key === "value") made.value = value;
      else made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
    return made;
  }

  /** 1234567 bytes in words: "1.2 MB". */
  function bytes(count) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let unit = 0;
    while (count >= 1000 && unit < units.length - 1) {
      count /= 1000;
      unit += 1;
    }
    return `${unit === 0 || count >= 100 ? Math.round(count) : count.toFixed(1)} ${units[unit]}`;
  }

  /** Seconds in words: "42 s", "3 min 5 s", "2 h 10 min". */
  function duration(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    if (whole < 60) return `${whole} s`;
    if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
    return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
  }

  /** How long ago a time (seconds since 1970) was: "just now", "5 min ago", or the date. */
  function ago(time) {
    const seconds = Date.now() / 1000 - time;
    if (seconds < 60) return "just now";
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
    return new Date(time * 1000).toLocaleDateString();
  }

  /** A number with four digits that matter. */
  function number(value) {
    if (value === null || value === undefined) return "–";
    if (value === 0) return "0";
    const size = Math.abs(value);
    return size < 1e-3 || size >= 1e5 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  }

  /** Hand a value to the user as a JSON file. */
  function download(name, value) {
    const file = new Blob([JSON.stringify(value, null, 2)], { type: "application/json" });
    const link = h("a", { href: URL.createObjectURL(file), download: name });
    link.click();
    URL.revokeObjectURL(link.href);
  }

  function debounce(action, milliseconds) {
    let timer;
    return (...values) => {
      clearTimeout(timer);
      timer = setTimeout(() => action(...values), milliseconds);
    };
  }

  function startMessages(page) {
    const place = page.find(".db-messages");
    page.on("tell", ({ text, kind, button }) => {
      const close = h("button", { type: "button", class: "db-quiet", "aria-label": "Close", onclick: () => box.remove() }, "×");
      const again = button && h("button", { type: "button", onclick: () => { box.remove(); button.action(); } }, button.label);
      const box = h("div", { class: `db-message db-${kind}`, role: kind === "error" ? "alert" : "status" },
        h("span", {}, text), again, close);
      place.append(box);
      if (kind !== "error") setTimeout(() => box.remove(), 6000);
      while (place.children.length > 4) place.firstChild.remove();
    });
  }

  /** Ask before something that cannot be taken back. With `typed`, that word has to be typed. Resolves to a bool. */
  function ask(page, { title, text, action, typed = null }) {
    return new Promise((resolve) => {
      const input = typed && h("input", { type: "text", "aria-label": `Type ${typed} to go on`, autocomplete: "off" });
      const go = h("button", { type: "button", class: "db-danger", disabled: typed !== null, onclick: () => box.close("yes") }, action);
      const box = h("dialog", { class: "db-dialog", "aria-label": title },
        h("h3", {}, title),
        ...text.split("\n").map((line) => h("p", {}, line)),
        typed && h("p", {}, `Type ${typed} to go on:`), input,
        h("div", { class: "db-row db-end" }, h("button", { type: "button", onclick: () => box.close("no") }, "Cancel"), go));
      if (input) input.addEventListener("input", () => { go.disabled = input.value !== typed; });
      show(page, box, () => resolve(box.returnValue === "yes"));
    });
  }

  /** Ask for a word; resolves to it, or to null. */
  function askText(page, { title, label, value = "", action }) {
    return new Promise((resolve) => {
      const input = h("input", { type: "text", id: "dreambooth_asked", value, autocomplete: "off" });
      const form = h("form", { method: "dialog" },
        h("h3", {}, title), h("label", { for: "dreambooth_asked" }, label), input,
        h("div", { class: "db-row db-end" },
          h("button", { type: "button", onclick: () => box.close("no") }, "Cancel"),
          h("button", { type: "submit", value: "yes", class: "db-primary" }, action)));
      const box = h("dialog", { class: "db-dialog", "aria-label": title }, form);
      show(page, box, () => resolve(box.returnValue === "yes" ? input.value.trim() : null));
      input.select();
    });
  }

  /** Show a dialog; Esc closes it, and it goes when it is closed. */
  function show(page, box, closed = () => {}) {
    page.find(".db-dialogs").append(box);
    box.addEventListener("close", () => { closed(); box.remove(); });
    box.addEventListener("click", (event) => { if (event.target === box) box.close("no"); });
    box.showModal();
    return box;
  }

  Object.assign(trainer, { h, bytes, duration, ago, number, debounce, download, ask, askText, show });
  trainer.part(startMessages);
})();
