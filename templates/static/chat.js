// The web chat with JavaScript: sends without reloading, shows answers as they come.
// The page works without this file; the server renders every turn in both cases.
"use strict";
(() => {
  const POLL_MS = 3000;
  const POLLS_BEFORE_STREAM = 20; // a full server may have room again after a minute
  const SEND_LIMIT_MS = 15000;

  const log = document.getElementById("log");
  const turns = document.getElementById("turns");
  const say = document.getElementById("say");
  const unsent = document.getElementById("unsent");
  const spoken = "?lang=" + document.documentElement.lang;
  let newest = Number(log.dataset.newest);
  let isSending = false;
  let failed = null; // what could not be sent, with its id: sent again it is the same message
  let stream = null;
  let polls = 0;
  let timer = 0;

  const toEnd = () => { log.scrollTop = log.scrollHeight; };
  const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 160;
  const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)),
    (byte) => byte.toString(16).padStart(2, "0")).join("");

  // ------------------------------------------------------------ showing
  function place(turn) {
    const id = Number(turn.dataset.id);
    const after = Array.from(turns.children).find((other) => Number(other.dataset.id) > id);
    turns.insertBefore(turn, after || null);
  }

  function show(items) {
    const follow = isAtEnd();
    let added = false;
    for (const item of items) {
      newest = Math.max(newest, item.id);
      if (document.getElementById("m" + item.id)) continue;
      const box = document.createElement("template");
      box.innerHTML = item.html; // rendered and escaped by the server
      place(box.content.firstElementChild);
      added = true;
    }
    if (!added) return;
    settle();
    if (follow) toEnd();
  }

  // Days are written once; replies before the last own turn are over, the chosen one is marked.
  function settle() {
    let day = "";
    let answer = null;
    const list = Array.from(turns.children);
    for (const turn of list) {
      turn.classList.toggle("chat__turn--day", turn.dataset.day !== day);
      day = turn.dataset.day;
    }
    for (const turn of list.reverse()) {
      if (turn.dataset.own !== undefined) answer = turn.dataset.own;
      if (answer === null) continue;
      for (const button of turn.querySelectorAll(".replies button")) {
        if (button.disabled) continue;
        button.disabled = true;
        button.classList.toggle("btn--chosen", button.value === answer);
      }
    }
  }

  log.addEventListener("error", (event) => { // a withdrawn ticket has no picture any more
    if (event.target.tagName === "IMG") event.target.hidden = true;
  }, true);

  // ------------------------------------------------------------ sending
  async function send(message) {
    if (isSending) return;
    isSending = true;
    document.body.toggleAttribute("data-sending", true);
    try {
      const answer = await fetch("/chat/messages" + spoken, {
        method: "POST",
        headers: { "Content-Type": "application/json", "Accept": "application/json" },
        body: JSON.stringify({ ...message, after: newest }),
        signal: AbortSignal.timeout(SEND_LIMIT_MS),
      });
      if (!answer.ok) throw new Error(String(answer.status));
      show((await answer.json()).items);
      done(message);
    } catch {
      failed = message;
      unsent.hidden = false;
    } finally {
      isSending = false;
      document.body.toggleAttribute("data-sending", false);
    }
  }

  function done(message) {
    failed = null;
    unsent.hidden = true;
    if (message.text !== undefined && say.value.trim() === message.text) say.value = "";
    toEnd();
    if (document.activeElement === document.body || document.activeElement.disabled) log.focus();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-send]")) return;
    event.preventDefault();
    const choice = event.submitter && event.submitter.name === "choice" ? event.submitter : null;
    if (choice) return void send({ id: newId(), choice: choice.value });
    const text = say.value.trim();
    if (!text) return;
    const again = failed && failed.text === text ? failed.id : newId();
    send({ id: again, text });
  });
  document.getElementById("again").addEventListener("click", () => { if (failed) send(failed); });

  // ------------------------------------------------------------ receiving
  function listen() {
    stop();
    polls = 0;
    stream = new EventSource("/chat/events" + spoken + "&after=" + newest);
    stream.onmessage = (event) => show(JSON.parse(event.data).items);
    stream.onerror = () => { // 2: refused for good, so ask now and then instead
      if (stream && stream.readyState === 2) { stop(); timer = setTimeout(poll, POLL_MS); }
    };
  }

  async function poll() {
    polls += 1;
    try {
      const answer = await fetch("/chat/messages" + spoken + "&after=" + newest, { headers: { "Accept": "application/json" } });
      if (answer.ok) show((await answer.json()).items);
    } catch { /* offline: the next poll may get through */ }
    timer = setTimeout(polls >= POLLS_BEFORE_STREAM ? listen : poll, POLL_MS);
  }

  function stop() {
    clearTimeout(timer);
    if (stream) stream.close();
    stream = null;
  }

  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
  addEventListener("online", listen);
  document.documentElement.classList.add("js");
  settle();
  toEnd();
  listen();
})();
