/** What makes the page handier; without it everything is readable all the same. */
"use strict";

(() => {
  const THEMES = ["auto", "light", "dark"];
  const kept = {
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch { /* private browsing: not kept */ } },
  };
  const make = (tag, text, attributes = {}) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const showTheme = (theme) => { document.documentElement.dataset.theme = theme; };
  let theme = kept.get("asynction.theme");
  if (!THEMES.includes(theme)) theme = "auto";
  showTheme(theme); // before anything is painted

  addEventListener("DOMContentLoaded", () => {
    addThemeButton();
    showAddress();
    const filter = addFilter();
    addShortcuts(filter);
    openSchemasInPlace();
    markPlace();
    addEventListener("hashchange", reveal);
    reveal();
  });

  function addThemeButton() {
    const button = make("button", `Theme: ${theme}`, { type: "button" });
    button.addEventListener("click", () => {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
      kept.set("asynction.theme", theme);
      showTheme(theme);
      button.textContent = `Theme: ${theme}`;
    });
    document.getElementById("tools.bar").append(" ", button);
  }

  /** Where the server is, as this browser sees it: below a mount, or behind a proxy. */
  function showAddress() {
    const { socketio } = document.body.dataset;
    if (socketio === undefined) return;
    const url = new URL(socketio, document.baseURI);
    for (const part of document.querySelectorAll(".at-path")) part.textContent = url.pathname.replace(/\/$/, "");
    for (const part of document.querySelectorAll(".at-origin")) part.textContent = url.origin;
  }

  /** What a card is found by: its names, words and tags, and the names in the schemas that it refers to. */
  function wordsOf(card, seen = new Set()) {
    const words = [card.dataset.namespace, card.dataset.event];
    for (const part of card.querySelectorAll(":scope > p, :scope > .md, .name, .of, .type")) words.push(part.textContent);
    for (const link of card.querySelectorAll("a.ref")) {
      const schema = document.getElementById(decode(link.hash.slice(1)));
      if (schema && !seen.has(schema)) words.push(wordsOf(schema, seen.add(schema)));
    }
    return words.join(" ").toLowerCase();
  }

  function addFilter() {
    const nav = document.getElementById("contents.nav");
    const list = nav.querySelector("details");
    if (matchMedia("(max-width: 60rem)").matches) list.open = false;
    const input = make("input", undefined, { type: "search", "aria-label": "Filter events", placeholder: "Filter: name, tag, field", autocomplete: "off" });
    const found = make("p", "", { role: "status", class: "found" });
    const known = new Map();
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      for (const link of nav.querySelectorAll("li li a")) {
        const card = document.getElementById(link.hash.slice(1)) ?? document.getElementById(decode(link.hash.slice(1)));
        if (!known.has(card)) known.set(card, wordsOf(card));
        const shown = wanted.every((word) => known.get(card).includes(word));
        count += shown;
        link.parentElement.hidden = card.hidden = !shown;
      }
      for (const place of [...nav.querySelectorAll("li:has(li)"), ...document.querySelectorAll(".namespace:has(.card)")]) {
        const inner = place.matches("section") ? ".card:not([hidden])" : "li:not([hidden])";
        place.hidden = wanted.length > 0 && !place.querySelector(inner);
      }
      if (wanted.length) list.open = true;
      found.textContent = wanted.length ? `${count} event${count === 1 ? "" : "s"}` : "";
    });
    nav.prepend(input, found);
    return input;
  }

  /** Single keys can be turned off, as some people's speech or switches type them by accident. */
  function addShortcuts(filter) {
    const box = make("input", undefined, { type: "checkbox" });
    const hasConsole = document.getElementById("console.data") !== null;
    const label = make("label", ` Keys: / filters${hasConsole ? ", c opens the console" : ""}`);
    label.prepend(box);
    box.checked = kept.get("asynction.keys") !== "off";
    box.addEventListener("change", () => kept.set("asynction.keys", box.checked ? "on" : "off"));
    document.getElementById("contents.nav").append(label);
    addEventListener("keydown", (pressed) => {
      if (!box.checked || pressed.ctrlKey || pressed.metaKey || pressed.altKey) return;
      if (pressed.target.closest?.("input, textarea, select")) return;
      if (pressed.key === "/") { pressed.preventDefault(); filter.focus(); }
      if (pressed.key === "c") dispatchEvent(new Event("asynction:console"));
    });
  }

  function decode(text) {
    try { return decodeURIComponent(text); } catch { return text; }
  }

  /** Bring the place that the address names into view, whatever the filter hid. */
  function reveal() {
    const target = document.getElementById(decode(location.hash.slice(1)));
    if (!target || !target.closest("main")) return;
    for (let place = target; place; place = place.parentElement) place.hidden = false;
    target.scrollIntoView();
  }

  /** A schema that stands elsewhere on the page opens below its link. */
  function openSchemasInPlace() {
    const enhance = (root) => {
      for (const link of root.querySelectorAll("a.ref")) link.setAttribute("aria-expanded", "false");
    };
    enhance(document);
    document.addEventListener("click", (clicked) => {
      const link = clicked.target.closest?.("a.ref");
      if (!link || clicked.ctrlKey || clicked.metaKey || clicked.shiftKey) return;
      const source = document.getElementById(decode(link.hash.slice(1)))?.querySelector(".tree");
      if (!source) return;
      clicked.preventDefault();
      const row = link.closest("li");
      const open = link.getAttribute("aria-expanded") === "true";
      link.setAttribute("aria-expanded", String(!open));
      if (open) { row.querySelector(":scope > .opened")?.remove(); return; }
      const copy = source.cloneNode(true);
      for (const old of copy.querySelectorAll(".opened")) old.remove();
      copy.className = "opened";
      enhance(copy);
      row.append(copy);
    });
  }

  /** The contents show where the reader is. */
  function markPlace() {
    const links = new Map();
    for (const link of document.querySelectorAll("nav a")) links.set(decode(link.hash.slice(1)), link);
    let current = null;
    const observer = new IntersectionObserver((entries) => {
      const first = entries.find((entry) => entry.isIntersecting);
      const link = first && links.get(first.target.id);
      if (!link || link === current) return;
      current?.removeAttribute("aria-current");
      link.setAttribute("aria-current", "location");
      current = link;
    }, { rootMargin: "-10% 0px -75% 0px" });
    for (const place of document.querySelectorAll("main h2[id], main .card[id]")) observer.observe(place);
  }
})();
