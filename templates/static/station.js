// The station's page: draws the state that the program sends, and passes on what staff do.
// It decides nothing. The field keeps the focus, so that a hand scanner always arrives.
// Its tools, and the start of it all, are in station-tools.js.
"use strict";

const $ = (id) => document.getElementById(id);
const words = JSON.parse($("words").textContent);
const SVG = "http://www.w3.org/2000/svg";
const VIEW = {
  "v-ready": "0 0 92 104", "v-admit": "0 0 92 104", "v-attention": "0 0 116 108",
  "v-refuse": "0 0 112 112", "v-discount": "0 0 116 80", "v-exit": "0 0 110 98",
  "v-foreign": "0 0 108 108", "v-annul": "0 0 92 104", "v-camera": "0 0 116 114",
};

let state = null;
let lang = document.documentElement.lang;
let drawn = "";       // the panel that is on the screen, to leave an equal one alone
let heard = null;     // the number of the last sound
let tried = 0;        // what has been read in the trial run, each a short tone
let lostAt = 0;

// ---------------------------------------------------------------- building

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function drawing(symbol, className, viewBox) {
  const svg = document.createElementNS(SVG, "svg");
  if (className) svg.setAttribute("class", className);
  if (viewBox) svg.setAttribute("viewBox", viewBox);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", "#" + symbol);
  svg.append(use);
  return svg;
}

function show(id, text) {
  const node = $(id);
  if (node.textContent !== text) node.textContent = text;
  node.hidden = text === "";
}

// ---------------------------------------------------------------- the panel

function drawPanel(panel, mayAct) {
  const key = [lang, JSON.stringify(panel), state.override, panel.lines.length && hasSound()].join();
  if (key === drawn) return;
  drawn = key;
  const section = $("verdict");
  section.setAttribute("role", panel.role);
  if (panel.verdict) section.dataset.verdict = panel.verdict;
  else delete section.dataset.verdict;
  section.replaceChildren(inside(panel, mayAct));
}

function inside(panel, mayAct) {
  const box = make("div", "verdict__in" + (panel.lines.length ? " verdict__in--lines" : ""));
  const head = make("div", "verdict__head");
  const size = panel.size ? " verdict__word--" + panel.size : "";
  head.append(drawing(panel.shape, "verdict__shape", VIEW[panel.shape]));
  head.append(make("p", "verdict__word" + size, panel.word));
  box.append(head);
  if (panel.reason) box.append(make("p", "verdict__reason", panel.reason));
  if (panel.figures) box.append(figures(...panel.figures));
  if (panel.who) box.append(make("p", "verdict__who", panel.who));
  if (panel.what) box.append(make("p", "verdict__what", panel.what));
  if (panel.next) box.append(make("p", "verdict__next" + (panel.verdict ? "" : " soft"), panel.next));
  if (panel.steps.length) box.append(steps(panel.steps));
  if (panel.lines.length) box.append(lines(panel.lines));
  if (panel.alert) box.append(make("p", "verdict__alert", panel.alert));
  const rows = state.override ? [...panel.facts, { name: words[lang]["key.override"], value: "", keys: ["F10"] }] : panel.facts;
  if (panel.acts.length && mayAct) box.append(acts(panel.acts));
  else if (rows.length) box.append(facts(rows));
  return box;
}

// The check before the doors open. Whether there is sound, only the browser knows.
const MARKS = { good: "", warn: " status--off", bad: " status--bad", open: " status--off", idle: " status--idle" };

function lines(rows) {
  const said = words[lang];
  const list = make("ul", "verdict__lines");
  const heard = { state: hasSound() ? "good" : "open", name: said["ready.sound"], value: said[hasSound() ? "ready.sound_on" : "ready.sound_off"] };
  for (const { state: how, name, value } of [...rows, heard]) {
    const row = make("li");
    row.dataset.state = how;
    row.append(make("span", "status" + MARKS[how], name), make("b", "", value), make("span", "sr", said["ready.state." + how]));
    list.append(row);
  }
  return list;
}

function figures(count, of) {
  const row = make("div", "people" + (of > 6 ? " people--many" : ""));
  row.setAttribute("aria-hidden", "true");
  for (let n = 0; n < of; n++) row.append(drawing("person", n < count ? "in" : ""));
  return row;
}

function steps(lines) {
  const list = make("ol", "verdict__next verdict__steps");
  for (const line of lines) list.append(make("li", "", line));
  return list;
}

function facts(rows) {
  const list = make("dl", "verdict__facts");
  for (const { name, value, keys } of rows) {
    const row = make("div");
    const said = make("dd", "", value);
    for (const cap of keys) said.append(keyCap(cap), " ");
    row.append(make("dt", "", name), said);
    list.append(row);
  }
  return list;
}

// A key cap that can be touched too.
function keyCap(cap) {
  const [word, act] = {
    "↑": ["people.more_key", () => { change(1); $("code").focus(); }],
    "↓": ["people.fewer_key", () => { change(-1); $("code").focus(); }],
    F10: ["override.title", () => KEYS.F10()],
  }[cap];
  const button = make("button", "key", cap);
  button.type = "button";
  button.setAttribute("aria-label", cap === "F10" ? cap + " " + words[lang][word] : words[lang][word]);
  button.addEventListener("click", act);
  return button;
}

function acts(rows) {
  const box = make("div", "verdict__act");
  rows.forEach((act, at) => {
    const button = make("button", at ? "btn" : "btn btn--main");
    button.type = "button";
    const line = make("span");
    line.append(make("span", "key", act.key), " ", make("span", "", act.label));
    button.append(line, make("small", "", act.note));
    button.addEventListener("click", () => settle(at ? "/decline" : "/confirm"));
    box.append(button);
  });
  return box;
}

// ---------------------------------------------------------------- everything else

function draw() {
  if (!state) return;
  const said = state.words[lang];
  const offline = state.link === "down";
  $("link").className = "status" + (offline ? " status--off flag" : state.link === "idle" ? " status--idle" : "");
  show("gate", said.gate);
  show("link", said.link);
  show("clock", said.clock);
  $("clock").className = said.clock_wrong ? "warn" : "soft opt";
  show("knowledge", said.knowledge);
  $("knowledge").className = { old: "warn", stale: "warn warn--bad" }[said.knowledge_age] || "soft opt";
  show("alarm", said.alarm);
  show("counted", said.counted);
  show("inside", said.inside);
  $("inside-box").hidden = said.inside === "";
  show("time", said.time);
  drawPanel(said.panel, state.scan !== "");
  drawRecent(said.recent);
  drawPicture(said);
  drawKeys(said.panel);
}

function drawRecent(rows) {
  const list = $("recent");
  const items = rows.map((row) => {
    const item = make("li");
    item.append(drawing(row.shape), make("b", "", row.word), make("span", "", row.what), make("span", "soft", row.time));
    return item;
  });
  if (!items.length) items.push(make("li", "recent__none soft", words[lang]["recent.none"]));
  list.replaceChildren(...items);
}

function drawPicture(said) {
  const live = state.picture === "live" && !dragging;
  show("chip", state.picture === "live" ? said.chip : "");
  show("dark", state.dark && live ? words[lang]["picture.dark"] : "");
  const message = $("message");
  const lines = dragging ? [words[lang]["picture.drop"]] : said.message;
  message.hidden = lines.length === 0;
  message.replaceChildren(...lines.map((line, at) => make(at ? "span" : "b", "", line)));
  if (live) watch();
  else if (state.picture === "lost") unwatch();
}

function drawKeys(panel) {
  const [yes, no] = state.scan ? panel.acts : [];
  $("key-confirm").hidden = !yes;
  for (const id of ["key-ready", "key-view"]) $(id).hidden = Boolean(yes);
  $("key-decline").hidden = !no;
  $("key-ready").setAttribute("aria-pressed", String(state.tryout.on));
  $("key-confirm-word").textContent = yes ? yes.label : "";
  $("key-decline-word").textContent = no ? no.label : "";
}

function speak(next) {
  lang = next;
  document.documentElement.lang = lang;
  for (const node of document.querySelectorAll("[data-say]")) node.textContent = words[lang][node.dataset.say];
  document.querySelector("[data-foreign]").lang = lang === "de" ? "en" : "de";
  for (const node of document.querySelectorAll("[data-hint]")) node.placeholder = words[lang][node.dataset.hint];
  $("key-more").title = words[lang]["hand.number"];
  $("live").alt = words[lang]["picture.alt"];
  $("sight").setAttribute("aria-label", words[lang].sight);
  $("keys").setAttribute("aria-label", words[lang].keys);
  sayTool();
  draw();
}

// ---------------------------------------------------------------- the live picture

let watching = false;

function watch() {
  if (watching) return;
  watching = true;
  $("live").src = "/picture?" + Date.now();
  $("live").hidden = false;
}

function unwatch() {
  watching = false;
  $("live").hidden = true;
  $("live").removeAttribute("src");
  $("outline").replaceChildren();
}

$("live").addEventListener("error", () => {
  unwatch();
  setTimeout(() => { if (state && state.picture === "live") watch(); }, 2000);
});

// The four corners of each code, as brackets: a quarter of each side.
function drawOutline({ w, h, codes }) {
  const svg = $("outline");
  svg.setAttribute("viewBox", `0 0 ${w} ${h}`);
  $("viewfinder").classList.toggle("viewfinder--wide", w > 1.5 * h);
  const marks = codes.map((corners) => {
    const path = document.createElementNS(SVG, "path");
    const towards = (a, b) => `${a[0] + (b[0] - a[0]) / 4} ${a[1] + (b[1] - a[1]) / 4}`;
    const d = corners.map((corner, n) => {
      const before = corners[(n + 3) % 4];
      const after = corners[(n + 1) % 4];
      return `M${towards(corner, before)}L${corner[0]} ${corner[1]}L${towards(corner, after)}`;
    });
    path.setAttribute("d", d.join(""));
    path.setAttribute("class", "outline");
    path.style.strokeWidth = String(w / 107);
    return path;
  });
  svg.replaceChildren(...marks);
}

// ---------------------------------------------------------------- sound

const SOUNDS = {
  admit: [["sine", 523, 0, 0.09], ["sine", 784, 0.09, 0.09]],
  attention: [["triangle", 587, 0, 0.12], ["triangle", 587, 0.21, 0.12]],
  discount: [["sine", 659, 0, 0.06], ["sine", 784, 0.06, 0.06], ["sine", 988, 0.12, 0.06]],
  exit: [["sine", 392, 0, 0.12]],
  tryout: [["sine", 880, 0, 0.06]],
};
const GAIN = 0.25;
const RAMP_S = 0.01;
let audio = null;

function unlock() {
  if (!audio) audio = new AudioContext();
  if (audio.state !== "running") audio.resume().then(hintSound, () => {});
  hintSound();
}

function hasSound() {
  return audio !== null && audio.state === "running";
}

function hintSound() {
  $("sound-hint").hidden = hasSound();
  if (state && state.words[lang].panel.lines.length) draw();
}

function tone(kind, from, to, start, length, through) {
  const source = audio.createOscillator();
  const gain = audio.createGain();
  const at = audio.currentTime + 0.01 + start;
  source.type = kind;
  source.frequency.setValueAtTime(from, at);
  if (to !== from) source.frequency.linearRampToValueAtTime(to, at + length);
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(GAIN, at + RAMP_S);
  gain.gain.setValueAtTime(GAIN, at + length - RAMP_S);
  gain.gain.linearRampToValueAtTime(0, at + length);
  source.connect(through || gain);
  if (through) through.connect(gain);
  gain.connect(audio.destination);
  source.start(at);
  source.stop(at + length);
}

function sound(verdict) {
  if (!audio || audio.state !== "running") return;
  if (verdict === "refuse") {
    const low = audio.createBiquadFilter();
    low.type = "lowpass";
    low.frequency.value = 800;
    tone("square", 196, 147, 0, 0.34, low);
    return;
  }
  for (const [kind, hertz, start, length] of SOUNDS[verdict] || []) tone(kind, hertz, hertz, start, length);
}

// ---------------------------------------------------------------- acting

function post(path, data) {
  return fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(data),
  }).catch(() => null);
}

function settle(path) {
  if (state && state.scan) post(path, { scan: state.scan });
  $("code").focus();
}

function switchDirection() {
  if (state) post("/direction", { direction: state.direction === "exit" ? "entry" : "exit" });
}

function change(delta) {
  if (state && state.may_change) post("/people", { delta });
}

const count = (delta) => post("/count", { delta });

// A number typed before Page Up is that many people: no Enter, so no hand scanner counts.
function countMore() {
  const typed = $("code").value.trim();
  const many = /^[1-9][0-9]{0,2}$/.test(typed);
  if (many) $("code").value = "";
  return count(many ? Number(typed) : 1);
}

function switchLanguage() {
  const next = lang === "de" ? "en" : "de";
  speak(next);
  post("/language", { lang: next });
}

const KEYS = {
  F2: () => settle("/confirm"), F4: () => settle("/decline"), F6: switchDirection,
  F8: () => post("/annul", {}), F9: switchLanguage,
  PageUp: countMore, PageDown: () => count(-1),
  ArrowUp: () => change(1), ArrowDown: () => change(-1),
};

addEventListener("keydown", (event) => {
  unlock();
  const act = KEYS[event.key];
  if (act) {
    event.preventDefault();
    if (!event.repeat) act();
  } else if (isSign(event) && !isWriting(event.target) && !(event.key === " " && isControl(event.target))) {
    $("code").focus();
  }
});

const isSign = (event) => event.key.length === 1 && (event.getModifierState("AltGraph") || !(event.ctrlKey || event.metaKey || event.altKey));
const isWriting = (node) => node instanceof HTMLInputElement && node.type === "text";
const isControl = (node) => node instanceof HTMLButtonElement || node instanceof HTMLInputElement;
addEventListener("pointerdown", unlock);
addEventListener("pointerup", (event) => {
  if ($("tool").contains(event.target) || event.target.closest("#key-search, #key-view, .verdict .key")) return;
  if (!getSelection().toString()) setTimeout(() => $("code").focus(), 0);
});

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("code").value;
  $("code").value = "";
  if (text.trim()) post("/typed", { text });
});
for (const [id, key] of [["key-confirm", "F2"], ["key-decline", "F4"], ["key-direction", "F6"], ["key-annul", "F8"],
  ["key-more", "PageUp"], ["key-less", "PageDown"], ["key-language", "F9"], ["key-ready", "F1"]]) {
  $(id).addEventListener("click", () => { KEYS[key](); $("code").focus(); });
}

// ---------------------------------------------------------------- dropped and pasted pictures

let dragging = false;
let noteTimer = 0;

function note(text, isBad) {
  clearTimeout(noteTimer);
  $("note").className = isBad ? "note note--bad" : "note";
  show("note", text);
  if (text) noteTimer = setTimeout(() => note("", false), 12000);
}

async function drop(file) {
  note("", false);
  try {
    const answer = await fetch("/picture-drop", { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file });
    if (answer.ok) return;
    const problem = answer.status === 413 ? words[lang]["drop.too_large"] : (await answer.json()).words[lang];
    note(problem, true);
  } catch {
    note(words[lang]["drop.failed"], true);
  }
}

function drag(on) {
  if (dragging === on) return;
  dragging = on;
  $("viewfinder").classList.toggle("viewfinder--drop", on);
  if (state) drawPicture(state.words[lang]);
}

addEventListener("dragover", (event) => { event.preventDefault(); drag(true); });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) drag(false); });
addEventListener("drop", (event) => {
  event.preventDefault();
  drag(false);
  unlock();
  for (const file of event.dataTransfer.files) drop(file);
});
addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  if (!files.length) return;
  event.preventDefault();
  files.forEach(drop);
});

// ---------------------------------------------------------------- events

function listen() {
  const events = new EventSource("/events");
  events.addEventListener("state", (event) => {
    state = JSON.parse(event.data);
    if (lostAt) { lostAt = 0; note("", false); }
    if (heard !== null && state.sound.n > heard) sound(state.sound.verdict);
    heard = state.sound.n;
    if (state.tryout.read > tried) sound("tryout");
    tried = state.tryout.read;
    draw();
  });
  events.addEventListener("outline", (event) => drawOutline(JSON.parse(event.data)));
  events.addEventListener("error", () => {
    lostAt = lostAt || Date.now();
    if (Date.now() - lostAt > 2000) note(words[lang]["page.lost"], true);
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  });
}
