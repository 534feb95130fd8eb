"use strict";

// Fields: the controls that Python drew from descriptions. Values are read, checked and shown by name.

(() => {
  const trainer = window.dreamboothTrainer;
  const WHOLE = /^[+-]?\d+$/;
  const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

  function controlOf(field) {
    return field.querySelector("input, select, textarea");
  }

  /** What stands in a field: {value} or {fault}. */
  function read(field) {
    const control = controlOf(field);
    const kind = field.dataset.kind;
    if (kind === "rows") return readRows(field);
    if (kind === "texts") return { value: control.value.split("\n").map((line) => line.trim()).filter(Boolean) };
    if ("optional" in field.dataset && control.value === "") return { value: null };
    if (kind === "bool") return { value: control.type === "checkbox" ? control.checked : control.value === "true" };
    if (field.classList.contains("db-cards")) {
      const chosen = field.querySelector("input:checked");
      return chosen ? { value: chosen.value } : { fault: "choose one" };
    }
    if (kind === "choice" || kind === "str") return { value: control.value };
    return readNumber(control, kind);
  }

  function readNumber(control, kind) {
    const text = control.value.trim().replace(",", ".");
    if (!(kind === "int" ? WHOLE : NUMBER).test(text)) {
      return { fault: text === "" ? "a number is missing" : `${text} is not a ${kind === "int" ? "whole " : ""}number` };
    }
    return withinLimits(control, Number(text));
  }

  /** A list whose rows have cells: rows without a first cell are none, numbers that are left out are not said. */
  function readRows(field) {
    const rows = [];
    for (const row of field.querySelectorAll(".db-row-of")) {
      const cells = [...row.querySelectorAll("[data-cell]")];
      if (cells[0].value.trim() === "") continue;
      const values = {};
      for (const cell of cells) {
        if (cell.value.trim() === "") continue;
        const told = cell.dataset.kind === "str" ? { value: cell.value.trim() } : readNumber(cell, cell.dataset.kind);
        if (told.fault) return told;
        values[cell.dataset.cell] = told.value;
      }
      rows.push(values);
    }
    return { value: rows };
  }

  function withinLimits(control, value) {
    const { low, high } = control.dataset;
    if (low !== undefined && value < Number(low)) return { fault: `${value} is below the least value ${low}` };
    if (high !== undefined && value > Number(high)) return { fault: `${value} is above the greatest value ${high}` };
    return { value };
  }

  /** Show a value in its field, unless somebody is typing there. */
  function write(field, value, { force = false } = {}) {
    const control = controlOf(field);
    if (!force && field.contains(document.activeElement) && field.dataset.dirty) return;
    if (control.type === "checkbox") control.checked = Boolean(value);
    else if (field.classList.contains("db-cards")) {
      for (const card of field.querySelectorAll("input")) card.checked = card.value === String(value);
    } else control.value = plain(field.dataset.kind, value);
    delete field.dataset.dirty;
    grow(control);
    complain(field, null);
    mark(field);
  }

  function plain(kind, value) {
    if (value === null || value === undefined) return "";
    if (Array.isArray(value)) return value.map((each) => (typeof each === "string" ? each : JSON.stringify(each))).join("\n");
    if (kind !== "float") return String(value);
    const size = Math.abs(value);
    return size !== 0 && (size < 1e-3 || size >= 1e9) ? value.toExponential().replace("e+", "e") : String(value);
  }

  function grow(control) {
    if (control.tagName !== "TEXTAREA") return;
    control.style.height = "auto";
    if (control.scrollHeight > 0) control.style.height = `${control.scrollHeight + 2}px`;
  }

  /** Show what is wrong with a field, or that nothing is. */
  function complain(field, fault, kind = "fault") {
    const place = field.querySelector(".db-fault");
    place.textContent = fault || "";
    place.hidden = !fault;
    const isFault = Boolean(fault) && kind === "fault";
    field.classList.toggle("db-wrong", Boolean(fault));
    for (const control of field.querySelectorAll("input, select, textarea")) {
      if (isFault) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
  }

  /** Mark a field whose value is not its default, and offer the way back. */
  function mark(field) {
    const told = read(field);
    for (const help of field.querySelectorAll(".db-choice-help")) help.hidden = help.dataset.choice !== told.value;
    const isChanged = told.value !== undefined && plain(field.dataset.kind, told.value) !== plain(field.dataset.kind, typedDefault(field));
    field.classList.toggle("db-changed", isChanged);
    const reset = field.querySelector(".db-reset");
    if (!reset) return;
    reset.hidden = !isChanged;
    reset.title = `Put back to ${field.dataset.default || "nothing"}`;
  }

  /** A field's default as a value. */
  function typedDefault(field) {
    const { kind } = field.dataset;
    const text = field.dataset.default;
    if (kind === "texts" || kind === "rows") return [];
    if ("optional" in field.dataset && text === "") return null;
    if (kind === "bool") return text === "true";
    return kind === "int" || kind === "float" ? Number(text) : text;
  }

  /** Another default than the one that it was drawn with. */
  function setDefault(field, value) {
    field.dataset.default = plain(field.dataset.kind, value);
  }

  /** Call `changed(name, value, field)` whenever a field inside `place` gets a good value. */
  function follow(place, changed) {
    const take = (event) => {
      const field = event.target.closest(".db-field");
      if (!field || !place.contains(field)) return;
      field.dataset.dirty = "true";
      grow(event.target);
      const told = read(field);
      complain(field, told.fault);
      mark(field);
      if (!told.fault) changed(field.dataset.setting, told.value, field);
    };
    place.addEventListener("input", take);
    place.addEventListener("keydown", (event) => { // these wrap, and yet hold one line
      if (event.key === "Enter" && !event.ctrlKey && event.target.matches("textarea[rows='1']")) event.preventDefault();
    });
    place.addEventListener("focusout", (event) => {
      const field = event.target.closest(".db-field");
      if (field) delete field.dataset.dirty;
    });
    place.addEventListener("click", (event) => {
      const reset = event.target.closest(".db-reset");
      if (!reset) return;
      const field = reset.closest(".db-field");
      write(field, typedDefault(field), { force: true });
      changed(field.dataset.setting, typedDefault(field), field);
      controlOf(field).focus();
    });
  }

  /** All values inside `place` by name; throws Refused when one is wrong, and goes to it. */
  function readAll(place) {
    const values = {};
    const wrong = [];
    for (const field of place.querySelectorAll(".db-field[data-setting]")) {
      const told = read(field);
      complain(field, told.fault);
      if (told.fault) wrong.push(field);
      else values[field.dataset.setting] = told.value;
    }
    if (wrong.length) {
      controlOf(wrong[0]).focus();
      throw new trainer.Refused("Something in the form is not right yet: see the marked fields.");
    }
    return values;
  }

  /** Put what an action refused next to the fields that it names; returns the lines that name none. */
  function complainAll(place, message) {
    const left = [];
    for (const line of message.split("\n")) {
      const [name, ...rest] = line.split(": ");
      const field = rest.length ? place.querySelector(`.db-field[data-setting="${CSS.escape(name)}"]`) : null;
      if (field) complain(field, rest.join(": "));
      else left.push(line);
    }
    return left;
  }

  trainer.part((page) => {
    page.press("page.row_add", (button) => {
      const place = button.parentElement.querySelector(".db-rows-place");
      const row = place.lastElementChild.cloneNode(true);
      for (const cell of row.querySelectorAll("[data-cell]")) cell.value = cell.dataset.default;
      place.append(row);
      row.querySelector("[data-cell]").focus();
    });
    page.press("page.row_remove", (button) => {
      const row = button.closest(".db-row-of");
      if (row.parentElement.children.length > 1) row.remove();
      else for (const cell of row.querySelectorAll("[data-cell]")) cell.value = cell.dataset.default;
    });
    for (const cell of page.findAll("[data-cell]")) cell.value = cell.dataset.default;
    // Forms that belong to no model begin with their defaults.
    for (const field of page.findAll(".db-field[data-form]")) {
      if (field.dataset.kind !== "rows") write(field, typedDefault(field), { force: true });
    }
  });

  trainer.fields = { read, write, complain, complainAll, mark, follow, readAll, controlOf, grow, typedDefault, setDefault };
})();
