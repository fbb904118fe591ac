// The form of a batch of codes: the example wears the prefix. The page works without this file.
"use strict";
(() => {
  const prefix = document.getElementById("f-prefix");
  const example = document.getElementById("example");
  if (!prefix || !example) return;
  const symbols = example.textContent.split("-")[1];
  prefix.addEventListener("input", () => {
    const typed = prefix.value.trim().toUpperCase();
    if (/^[A-Z0-9]{2,12}$/.test(typed)) example.textContent = `${typed}-${symbols}`;
  });
})();
