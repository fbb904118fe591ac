// The desk with JavaScript: steps, printing, the second screen. Every page works without this file.
"use strict";
(() => {
  for (const button of document.querySelectorAll("[data-step]")) {
    const field = document.getElementById(button.getAttribute("aria-controls"));
    button.hidden = false;
    button.addEventListener("click", () => {
      const next = (Number(field.value) || 1) + Number(button.dataset.step);
      field.value = String(Math.min(Number(field.max), Math.max(Number(field.min), next)));
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
  // A day is shown as soon as it is chosen.
  for (const day of document.querySelectorAll(".desk__day input[type=date]")) {
    const show = day.parentElement.querySelector("button");
    show.hidden = true;
    day.addEventListener("change", () => day.value && day.form.requestSubmit(show));
  }
  // Slots with too few places for the persons cannot be chosen: the next with enough is.
  const party = document.getElementById("f-party");
  const slots = [...document.querySelectorAll("input[name=slot]")];
  if (party && slots.length) {
    let wanted = Math.max(0, slots.findIndex((slot) => slot.checked));
    const fit = () => {
      const people = Number(party.value) || 1;
      for (const slot of slots) slot.disabled = Number(slot.dataset.free) < people;
      const chosen = [...slots.slice(wanted), ...slots].find((slot) => !slot.disabled);
      for (const slot of slots) slot.checked = slot === chosen;
      document.getElementById("slot-none").hidden = Boolean(chosen);
      document.getElementById("slot-moved").hidden = !chosen || chosen === slots[wanted];
      for (const button of document.querySelectorAll("[data-issue]")) button.disabled = !chosen;
    };
    for (const [n, slot] of slots.entries()) {
      slot.addEventListener("change", () => { wanted = n; fit(); });
    }
    party.addEventListener("input", fit);
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
