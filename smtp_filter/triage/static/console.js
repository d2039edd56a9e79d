"use strict";
// Keys and small comforts; every page works without.  What pages may say:
//   [data-list] > [data-row]      a line that j and k go through; its first link is what Enter opens,
//                                 its checkbox what x changes
//   [data-key="r"]                a link, button or field that the key goes to; data-press: and presses it
//   [data-focus]                  takes the focus when the page opens (error summaries)
//   [data-hide-after="60"]        goes away after so many seconds (what was revealed)
//   [data-select-all]             a checkbox that changes all checkboxes in the same form
//   [data-count="#id"]            a form whose number of checked boxes is written there
//   form[data-again]              may be sent twice; others are sent once
//   Ctrl+Enter in a field         sends its form, where the form has one button
//   form[data-submit-on-change]   is sent when a select in it changes
(function () {
  const root = document.documentElement;
  root.classList.add("script");

  const first = document.querySelector("[data-focus]");
  if (first) first.focus();

  for (const shown of document.querySelectorAll("[data-hide-after]")) {
    setTimeout(() => shown.remove(), 1000 * Number(shown.dataset.hideAfter));
  }

  // What does not scroll need not be a stop of the Tab key.
  const scrolling = new ResizeObserver((seen) => {
    for (const one of seen) {
      if (one.target.scrollWidth > one.target.clientWidth) one.target.tabIndex = 0;
      else one.target.removeAttribute("tabindex");
    }
  });
  for (const one of document.querySelectorAll(".scroll[tabindex]")) scrolling.observe(one);

  document.addEventListener("keydown", (event) => {
    const form = event.target.form;
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !form || form.method !== "post") return;
    event.preventDefault();
    const button = form.querySelector("button:not([type=button])");
    if (form.querySelectorAll("button").length === 1) form.requestSubmit(button);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || "again" in form.dataset) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
  });
  // Back from the browser's memory a form may be sent again.
  addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });

  document.addEventListener("change", (event) => {
    const field = event.target;
    if ("selectAll" in field.dataset) {
      for (const box of boxes(field.form)) box.checked = field.checked;
    }
    if (field.form) count(field.form);
    if (field.form && "submitOnChange" in field.form.dataset && field.matches("select")) field.form.requestSubmit();
  });

  function boxes(form) {
    return form ? [...form.elements].filter((one) => one.type === "checkbox" && !("selectAll" in one.dataset)) : [];
  }

  function count(form) {
    const where = form.dataset.count && document.querySelector(form.dataset.count);
    if (where) where.textContent = String(boxes(form).filter((box) => box.checked).length);
  }
  for (const form of document.forms) count(form);

  function rows() {
    return [...document.querySelectorAll("[data-list] > [data-row]")];
  }

  function here() {
    return document.querySelector("[data-row].here");
  }

  function go(row) {
    if (!row) return;
    const before = here();
    if (before) before.classList.remove("here");
    row.classList.add("here");
    const link = row.querySelector("a[href]");
    if (link) link.focus(); else row.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = rows();
    const at = all.indexOf(here());
    go(at < 0 ? all[0] : all[Math.min(all.length - 1, Math.max(0, at + by))]);
  }

  function help() {
    const dialog = document.getElementById("keys");
    if (dialog && !dialog.open) dialog.showModal();
  }

  function keyed(key) {
    return [...document.querySelectorAll("[data-key]")].find(
      (one) => one.dataset.key === key && !one.disabled && one.offsetParent !== null);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target;
    const typing = target.matches("textarea, select, [contenteditable]") ||
      (target.matches("input") && !["checkbox", "radio", "button", "submit"].includes(target.type));
    if (typing) {
      if (event.key === "Escape") target.blur();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "?") help();
    else if (event.key === "x" && here() && here().querySelector("input[type=checkbox]")) {
      here().querySelector("input[type=checkbox]").click();
    } else if (event.key === "Enter" && here() && target === document.body) {
      const link = here().querySelector("a[href]");
      if (link) link.click();
    } else {
      const found = keyed(event.key);
      if (!found) return;
      for (let box = found.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
      found.focus();
      if ("press" in found.dataset || found.matches("a[href]")) found.click();
    }
    event.preventDefault();
  });
})();
