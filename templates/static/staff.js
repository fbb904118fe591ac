// The staff's site with JavaScript. Every page works without this file.
"use strict";
(() => {
  // Only one question open at a time; Escape and its own button close it, and it closes when it is left.
  const closeAll = () => {
    for (const open of document.querySelectorAll("details.confirm[open]")) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  };
  document.addEventListener("toggle", (event) => {
    const opened = event.target;
    if (!opened.matches?.("details.confirm[open]")) return;
    for (const other of document.querySelectorAll("details.confirm[open]"))
      if (other !== opened) other.open = false;
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeAll();
  });
  document.addEventListener("focusout", (event) => {
    const left = event.target.closest("details.confirm[open]");
    if (left && event.relatedTarget && !left.contains(event.relatedTarget)) left.open = false;
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) closeAll();
  });
  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) event.preventDefault();
    else if (form.method === "post" && !form.target) form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
})();
