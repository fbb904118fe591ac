// Passkeys: asks the browser for one and sends its answer with the form that asked.
// A form with data-passkey="get" or "create" and data-options="address" is shown only where
// the browser knows passkeys; everything else works without this file.
"use strict";
(() => {
  if (!window.PublicKeyCredential || !navigator.credentials) return;
  const bytes = (text) => Uint8Array.from(
    atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const listed = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

  const asked = (kind, told) => {
    const options = { ...told, challenge: bytes(told.challenge) };
    if (kind === "create") {
      options.user = { ...told.user, id: bytes(told.user.id) };
      options.excludeCredentials = listed(told.excludeCredentials);
      return navigator.credentials.create({ publicKey: options });
    }
    options.allowCredentials = listed(told.allowCredentials);
    return navigator.credentials.get({ publicKey: options });
  };

  const answer = (found) => {
    const response = { clientDataJSON: text(found.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"])
      if (found.response[name]) response[name] = text(found.response[name]);
    return JSON.stringify({
      id: found.id, rawId: text(found.rawId), type: found.type, response,
      clientExtensionResults: {},
    });
  };

  const ask = async (form) => {
    const problem = form.querySelector("[data-problem]");
    problem.hidden = true;
    try {
      const got = await fetch(form.dataset.options, {
        method: "POST", body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json" },
      });
      if (got.redirected || !got.ok) throw new Error("no options");
      form.elements.answer.value = answer(await asked(form.dataset.passkey, await got.json()));
      form.submit();
    } catch {
      problem.hidden = false; // cancelled, no passkey here, or the page was open too long
      delete form.dataset.sent;
    }
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(form);
    });
  }
})();
