"use strict";

// The webui's own txt2img tab, where there is one: its fields are filled as if somebody had typed.
// The ids are those of AUTOMATIC1111's webui; Forge and SD.Next have the same.

(() => {
  const trainer = window.dreamboothTrainer;
  const NUMBER = "input[type=number]";
  const FIELDS = {
    prompt: ["txt2img_prompt", "textarea"],
    negative_prompt: ["txt2img_neg_prompt", "textarea"],
    steps: ["txt2img_steps", NUMBER],
    guidance_scale: ["txt2img_cfg_scale", NUMBER],
    seed: ["txt2img_seed", "input, textarea"], // AUTOMATIC1111's --use-textbox-seed makes it a text
    width: ["txt2img_width", NUMBER],
    height: ["txt2img_height", NUMBER],
  };

  function controlOf(name) {
    const [id, kind] = FIELDS[name];
    return document.getElementById(id)?.querySelector(kind) ?? null;
  }

  function hasTxt2img() {
    return controlOf("prompt") !== null;
  }

  /** Fill what is told and has a field, and show the tab. */
  function sendToTxt2img(values) {
    for (const name of Object.keys(FIELDS)) {
      const control = controlOf(name);
      if (!control || values[name] === undefined || values[name] === null) continue;
      control.value = values[name];
      control.dispatchEvent(new Event("input", { bubbles: true }));
      control.dispatchEvent(new Event("change", { bubbles: true }));
    }
    openTab();
  }

  /** By the place of its panel, as tabs can be moved and their labels translated; else as the webui does it. */
  function openTab() {
    const panels = [...document.querySelectorAll("#tabs > [id^='tab_']")];
    const index = panels.findIndex((panel) => panel.id === "tab_txt2img");
    const buttons = document.querySelectorAll("#tabs > .tab-nav > button");
    if (index >= 0 && buttons.length === panels.length) buttons[index].click();
    else if (typeof window.switch_to_txt2img === "function") window.switch_to_txt2img();
  }

  Object.assign(trainer, { hasTxt2img, sendToTxt2img });
})();
