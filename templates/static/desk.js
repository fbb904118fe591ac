// The desk with JavaScript: steps, printing, the second screen. Every page works without this file.
"use strict";
(() => {
  for (const button of document.querySelectorAll("[data-step]")) {
    const field = document.getElementById(button.getAttribute("aria-controls"));
    button.hidden = false;
    button.addEventListener("click", () => {
      const next = (Number(field.value) || 1) + Number(button.dataset.step);
      field.value = String(Math.min(Number(field.max), Math.max(Number(field.min), next)));
    });
  }
  // A day is shown as soon as it is chosen.
  for (const day of document.querySelectorAll(".desk__day input[type=date]")) {
    day.form.querySelector("button").hidden = true;
    day.addEventListener("change", () => day.value && day.form.requestSubmit());
  }
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
  // The second screen asks every second whether it is another customer's turn.
  const screen = document.getElementById("screen");
  if (!screen) return;
  const look = async () => {
    try {
      const answer = await fetch("/staff/desk/screen/now", { headers: { Accept: "application/json" } });
      const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
      if (!answer.ok || !isJson) return location.reload(); // signed out: the page says so
      const { sale } = await answer.json();
      if (sale !== screen.dataset.sale) return location.reload();
    } catch {
      // The service does not answer. What is shown must not stay for the next customer.
      if (screen.dataset.sale) screen.hidden = true;
    }
    setTimeout(look, 1000);
  };
  setTimeout(look, 1000);
})();
