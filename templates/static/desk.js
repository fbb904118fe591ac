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
      const isSignedOut = answer.redirected || answer.status === 401 || answer.status === 403;
      if (isSignedOut) return location.reload(); // the page says so
      if (!answer.ok) throw new Error("unavailable");
      const { sale } = await answer.json();
      if (sale !== screen.dataset.sale) return location.reload();
      screen.hidden = false;
    } catch {
      // The service cannot say. What is shown must not stay for the next customer.
      if (screen.dataset.sale) screen.hidden = true;
    }
    setTimeout(look, 1000);
  };
  setTimeout(look, 1000);
})();
