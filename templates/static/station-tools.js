// The page's tools, in the column of the camera and never over a verdict: search, a
// supervisor's word, camera and display. And the hand scanner that goes off in one of their
// fields. Names and PINs stand in the fields alone and go with the tool.
"use strict";

const IDLE_MS = 60000;        // a forgotten name does not stay on the screen
const BURST_GAP_MS = 60;      // people type slower, hand scanners faster
const BURST_LEAST = 8;
const ENTERS_MS = 300;        // some scanners send CR and LF
const TITLES = { search: "search.title", override: "override.title", view: "view.title" };

let tool = "";
let overruled = null;         // the scan a supervisor is asked about, with its reasons
let toolSaid = {};
let toolTimer = 0;

// ---------------------------------------------------------------- opening and closing

function openTool(name) {
  closeTool();
  tool = name;
  document.body.dataset.tool = name;
  $("tool").hidden = false;
  for (const one of Object.keys(TITLES)) $("tool-" + one).hidden = one !== name;
  sayTool();
  stayOpen();
}

function closeTool() {
  if (!tool) return;
  tool = "";
  overruled = null;
  clearTimeout(toolTimer);
  delete document.body.dataset.tool;
  for (const id of ["search-name", "override-by", "override-pin", "override-why"]) $(id).value = "";
  $("search-list").replaceChildren();
  $("tool").hidden = true;
  toolNote({});
  $("code").focus();
}

function stayOpen() {
  clearTimeout(toolTimer);
  if (tool && tool !== "view") toolTimer = setTimeout(closeTool, IDLE_MS);
}

function toolNote(said, isBad = true) {
  toolSaid = said;
  $("tool-note").className = isBad ? "note note--bad" : "note";
  show("tool-note", said[lang] || "");
}

const inBoth = (key, fill = (text) => text) => ({ de: fill(words.de[key]), en: fill(words.en[key]) });

// What has no data-say of its own, in the language of the page.
function sayTool() {
  $("search-list").setAttribute("aria-label", words[lang]["search.choose"]);
  if (!tool) return;
  $("tool-title").textContent = words[lang][TITLES[tool]];
  show("tool-note", toolSaid[lang] || "");
  if (overruled) $("override-whom").textContent = words[lang]["override.whom"].replace("{reason}", overruled.reasons[lang]);
  for (const node of $("tool").querySelectorAll("[data-said]")) node.textContent = JSON.parse(node.dataset.said)[lang];
}

function saying(tag, said) {
  const node = make(tag, "", said[lang]);
  node.dataset.said = JSON.stringify(said);
  return node;
}

async function ask(path, data) {
  const answer = await post(path, data);
  return answer && answer.ok ? answer.json() : null;
}

// ---------------------------------------------------------------- search

function openSearch() {
  openTool("search");
  $("search-name").focus();
}

async function search() {
  const name = $("search-name").value;
  if (!name.trim()) return;
  toolNote(inBoth("search.asking"), false);
  const found = await ask("/search", { name });
  if (tool !== "search") return;
  if (found && found.scanned) { closeTool(); return; }
  const items = found ? found.items : [];
  $("search-list").replaceChildren(...items.map(match));
  const count = items.length === 1 ? "search.found.one" : "search.found.some";
  const fine = items.length && !found.note[lang];
  if (fine) toolNote(inBoth(count, (text) => text.replace("{count}", items.length)), false);
  else toolNote(found ? found.note : inBoth("search.refused"), !items.length);
  if (items.length) $("search-list").querySelector("button").focus();
}

function match({ holder, said, code }) {
  const button = make("button", "match");
  button.type = "button";
  button.append(make("b", "", holder), saying("span", said), make("span", "code", code));
  button.addEventListener("click", () => { post("/typed", { text: code }); closeTool(); });
  const item = make("li");
  item.append(button);
  return item;
}

$("tool-search").addEventListener("submit", (event) => { event.preventDefault(); search(); });
$("search-list").addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const buttons = [...$("search-list").querySelectorAll("button")];
  const next = buttons[buttons.indexOf(document.activeElement) + step];
  event.preventDefault();
  (next || (step < 0 ? $("search-name") : document.activeElement)).focus();
});
$("search-name").addEventListener("keydown", (event) => {
  const first = $("search-list").querySelector("button");
  if (event.key === "ArrowDown" && first) { event.preventDefault(); first.focus(); }
});

// ---------------------------------------------------------------- a supervisor's word

function override() {
  if (tool === "override") { overrule(); return; }
  if (!state) return;
  if (!state.override) {
    if (state.words[lang].panel.verdict === "refuse" && state.link === "down") note(words[lang]["override.offline"], true);
    return;
  }
  openTool("override");
  overruled = { scan: state.override, reasons: { de: state.words.de.panel.reason, en: state.words.en.panel.reason } };
  sayTool();
  $("override-by").focus();
}

async function overrule() {
  const data = { scan: overruled.scan };
  for (const field of ["by", "pin", "why"]) data[field] = $("override-" + field).value.trim();
  const missing = ["by", "pin", "why"].find((field) => !data[field]);
  if (missing) { toolNote(inBoth("override.missing")); $("override-" + missing).focus(); return; }
  $("override-pin").value = "";
  toolNote(inBoth("override.asking"), false);
  const done = await ask("/override", data);
  if (tool !== "override") return;
  if (done && !done.note[lang]) { closeTool(); return; }
  toolNote(done ? done.note : inBoth("override.refused"));
  $("override-pin").focus();
}

// Enter goes on to the next field and never lets anybody in.
$("tool-override").addEventListener("submit", (event) => event.preventDefault());
$("tool-override").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !isWriting(event.target)) return;
  event.preventDefault();
  const next = { "override-by": "override-pin", "override-pin": "override-why" }[event.target.id];
  if (next) $(next).focus();
});
$("override-send").addEventListener("click", overrule);
if (!CSS.supports("-webkit-text-security", "disc")) $("override-pin").type = "password";

// ---------------------------------------------------------------- camera and display

const kept = {
  get(name) { try { return localStorage.getItem(name); } catch { return null; } },
  set(name, value) { try { localStorage.setItem(name, value); } catch { /* then until the next start */ } },
};

function applyView() {
  const theme = kept.get("station.theme") || "auto";
  const mirrored = kept.get("station.mirror") === "yes";
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  $("viewfinder").classList.toggle("viewfinder--mirror", mirrored);
  $("view-mirror").checked = mirrored;
  for (const radio of document.querySelectorAll("[name=theme]")) radio.checked = radio.value === theme;
}

async function openView() {
  openTool("view");
  $("view-cameras").replaceChildren(saying("span", inBoth("view.asking")));
  $("tool-close").focus();
  const answer = await fetch("/cameras").catch(() => null);
  if (tool !== "view") return;
  const items = answer && answer.ok ? (await answer.json()).items : [];
  $("view-cameras").replaceChildren(...items.map(camera));
  if (!items.length) $("view-cameras").replaceChildren(saying("span", inBoth("view.none")));
  ($("view-cameras").querySelector("input:checked") || $("view-cameras").querySelector("input") || $("view-mirror")).focus();
}

function camera({ name, used }, number) {
  const label = make("label", "option");
  const radio = make("input");
  radio.type = "radio";
  radio.name = "camera";
  radio.checked = used;
  radio.addEventListener("change", async () => {
    const answer = await post("/camera", { number });
    toolNote(answer && answer.ok ? {} : inBoth("view.failed"));
  });
  label.append(radio, " ", saying("span", name));
  return label;
}

$("tool-view").addEventListener("submit", (event) => event.preventDefault());
$("view-mirror").addEventListener("change", (event) => { kept.set("station.mirror", event.target.checked ? "yes" : "no"); applyView(); });
for (const radio of document.querySelectorAll("[name=theme]")) {
  radio.addEventListener("change", () => { kept.set("station.theme", radio.value); applyView(); });
}

// ---------------------------------------------------------------- the trial run

function tryOut() {
  if (state) post(state.tryout.on ? "/tryout/end" : "/tryout/begin", {});
}

// ---------------------------------------------------------------- a hand scanner in a field

let burst = { text: "", at: 0, field: null, before: "" };
let swallowUntil = 0;

// Comes before every other listener: what a hand scanner sends is a code, wherever the focus is.
addEventListener("keydown", (event) => {
  const now = performance.now();
  if (isSign(event)) {
    if (now - burst.at > BURST_GAP_MS) {
      const field = isWriting(event.target) && event.target !== $("code") ? event.target : null;
      burst = { text: "", at: now, field, before: field ? field.value : "" };
    }
    burst.text += event.key;
    burst.at = now;
  } else if (event.key === "Enter") {
    const isScan = burst.field && burst.text.length >= BURST_LEAST && now - burst.at <= BURST_GAP_MS;
    if (isScan) {
      burst.field.value = burst.before;
      post("/typed", { text: burst.text });
      swallowUntil = now + ENTERS_MS;
    }
    if (now <= swallowUntil) { event.preventDefault(); event.stopImmediatePropagation(); }
    burst = { text: "", at: 0, field: null, before: "" };
  }
}, true);

// ---------------------------------------------------------------- keys

Object.assign(KEYS, { F1: tryOut, F3: openSearch, F7: () => (tool === "view" ? closeTool() : openView()), F10: override });
$("key-search").addEventListener("click", openSearch);
$("key-view").addEventListener("click", () => KEYS.F7());
$("tool-close").addEventListener("click", closeTool);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && tool) { event.preventDefault(); closeTool(); }
});
$("tool").addEventListener("keydown", (event) => {
  stayOpen();
  // These move in lists here; outside they count people.
  if (/^(Arrow(Up|Down)|Page(Up|Down))$/.test(event.key)) event.stopPropagation();
});

// ---------------------------------------------------------------- off it goes

applyView();
hintSound();
speak(lang);
listen();
$("code").focus();
