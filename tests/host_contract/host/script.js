"use strict";

// What scripts of extensions find on the page of every host.

function gradioApp() {
  return document;
}

const uiLoadedCallbacks = [];
const uiUpdateCallbacks = [];
const uiTabChangeCallbacks = [];

function onUiLoaded(callback) {
  uiLoadedCallbacks.push(callback);
}

function onUiUpdate(callback) {
  uiUpdateCallbacks.push(callback);
}

const onAfterUiUpdate = onUiUpdate;

function onUiTabChange(callback) {
  uiTabChangeCallbacks.push(callback);
}

function switch_to_txt2img() {
  gradioApp().querySelector("#tabs").querySelectorAll("button")[0].click();
  return Array.from(arguments);
}

document.addEventListener("DOMContentLoaded", () => {
  let isLoaded = false;
  const observer = new MutationObserver(() => {
    if (!isLoaded && gradioApp().querySelector("#txt2img_prompt")) {
      isLoaded = true;
      uiLoadedCallbacks.forEach((callback) => callback());
    }
    uiUpdateCallbacks.forEach((callback) => callback());
  });
  observer.observe(document.body, { childList: true, subtree: true });
});
