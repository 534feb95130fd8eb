"use strict";

// Tabs, menus and keys.

(() => {
  const trainer = window.dreamboothTrainer;
  const SETTLED_MS = 1000; // a theme has faded in by then
  const REMEMBERED = "dreambooth_tab_chosen";

  function startTabs(page) {
    const tabs = page.findAll("[role=tab]");
    const open = (tab, { focus = false } = {}) => {
      for (const other of tabs) {
        const isOpen = other === tab;
        other.setAttribute("aria-selected", String(isOpen));
        other.tabIndex = isOpen ? 0 : -1;
        page.find(`#${other.getAttribute("aria-controls")}`).hidden = !isOpen;
      }
      if (focus) tab.focus();
      localStorage.setItem(REMEMBERED, tab.dataset.tab);
      page.emit("tab", tab.dataset.tab);
    };
    page.openTab = (name) => open(tabs.find((tab) => tab.dataset.tab === name));
    const choose = (tab, looks) => {
      page.isFirstVisit = false; // who has chosen is not led elsewhere
      open(tab, looks);
    };
    for (const [index, tab] of tabs.entries()) {
      tab.addEventListener("click", () => choose(tab));
      tab.addEventListener("keydown", (event) => {
        const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        choose(tabs[(to + tabs.length) % tabs.length], { focus: true });
      });
    }
    page.isFirstVisit = localStorage.getItem(REMEMBERED) === null;
    const remembered = tabs.find((tab) => tab.dataset.tab === localStorage.getItem(REMEMBERED));
    page.on("begin", () => open(remembered || tabs[0]));
  }

  function startMenus(page) {
    const close = (menu, { focus = false } = {}) => {
      menu.querySelector("[role=menu]").hidden = true;
      const opener = menu.querySelector("[aria-haspopup]");
      opener.setAttribute("aria-expanded", "false");
      if (focus) opener.focus();
    };
    for (const menu of page.findAll(".db-menu")) {
      const opener = menu.querySelector("[aria-haspopup]");
      const items = [...menu.querySelectorAll("[role=menuitem]")];
      opener.addEventListener("click", () => {
        const list = menu.querySelector("[role=menu]");
        list.hidden = !list.hidden;
        opener.setAttribute("aria-expanded", String(!list.hidden));
        if (!list.hidden) items[0].focus();
      });
      menu.addEventListener("keydown", (event) => {
        if (event.key === "Escape") close(menu, { focus: true });
        const at = items.indexOf(document.activeElement);
        if (at < 0) return;
        if (event.key === "ArrowDown") items[(at + 1) % items.length].focus();
        if (event.key === "ArrowUp") items[(at + items.length - 1) % items.length].focus();
      });
      menu.addEventListener("click", (event) => { if (event.target.closest("[role=menuitem]")) close(menu); });
      document.addEventListener("click", (event) => { if (page.isHere && !menu.contains(event.target)) close(menu); });
    }
  }

  /** What a narrow window hides behind "More"; in a wide one its buttons stand in the row. */
  function startMore(page) {
    const place = page.find(".db-more-place");
    const opener = place.querySelector(".db-more");
    const open = (isOpen) => {
      place.classList.toggle("db-open", isOpen);
      opener.setAttribute("aria-expanded", String(isOpen));
    };
    page.press("page.more", () => open(!place.classList.contains("db-open")));
    place.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !place.classList.contains("db-open")) return;
      open(false);
      opener.focus();
    });
    document.addEventListener("click", (event) => {
      if (!page.isHere || opener.contains(event.target) || !place.classList.contains("db-open")) return;
      if (place.contains(event.target)) opener.focus(); // what was pressed is hidden now
      open(false);
    });
  }

  function startKeys(page) {
    page.root.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) {
        event.preventDefault();
        event.stopPropagation(); // a webui takes Ctrl+Enter for its own Generate
        page.find("[data-press='run.train']").click();
      }
    });
  }

  /** How bright what lies behind us is, 0 to 255: the nearest background that is not seen through. */
  function brightnessBehind(root) {
    for (let place = root.parentElement; place; place = place.parentElement) {
      const colour = getComputedStyle(place).backgroundColor.match(/[\d.]+/g) || [];
      const [red, green, blue, alpha = 1] = colour.map(Number);
      if (colour.length && alpha > 0.5) return 0.3 * red + 0.6 * green + 0.1 * blue;
    }
    return 255;
  }

  /** The theme of the host, as a class of ours; not every dark one has Gradio's class for it. */
  function startTheme(page) {
    const look = () => {
      if (!page.isHere) return;
      const isDark = document.body.classList.contains("dark") || document.documentElement.classList.contains("dark")
        || brightnessBehind(page.root) < 110;
      page.root.classList.toggle("db-dark", isDark);
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
    const lookTwice = () => { look(); setTimeout(look, SETTLED_MS); };
    new MutationObserver(lookTwice).observe(document.head, { childList: true }); // themes may come late, and fade in
    lookTwice();
  }

  trainer.part((page) => {
    startTheme(page);
    startTabs(page);
    startMenus(page);
    startMore(page);
    startKeys(page);
  });
})();
