// The page's own script. What comes from outside becomes text nodes only, so nothing of it can run.
const control = location.pathname.slice(0, location.pathname.indexOf("/_mock") + 6);
const KEPT = 10000, SHOWN = innerWidth < 768 ? 50 : 200;
const $ = id => document.getElementById(id);
let token = sessionStorage.getItem("mock-token") ?? "";

const get = (path, options = {}) =>
  fetch(control + path, {...options, headers: {...options.headers, ...(token ? {"X-Mock-Token": encoded(token)} : {})}});

// A header is made of bytes; the token is sent as UTF-8.
const encoded = text => String.fromCharCode(...new TextEncoder().encode(text));

async function parsed(answer) {
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// Without the control token the page is empty: it asks for it and then takes what the same address has for who knows it.
while ($("sign-in")) {
  if (token) {
    const answer = await get("/ui");
    if (answer.ok) {
      sessionStorage.setItem("mock-token", token);
      const page = await parsed(answer);
      document.title = page.title;
      document.body.replaceChildren(page.querySelector("header"), page.querySelector("main"));
      break;
    }
    sessionStorage.removeItem("mock-token");
    $("said").textContent = "That is not the token.";
  }
  await new Promise(resolve => $("sign-in").addEventListener("submit", event => {
    event.preventDefault();
    token = event.target.elements.token.value;
    resolve();
  }, {once: true}));
}

const rows = $("rows"), filters = $("filters"), news = $("news");

function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {}))
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  made.append(...children.filter(child => child !== null && child !== undefined && child !== ""));
  return made;
}

async function ask(method, path, body) {
  const options = {method};
  if (body !== undefined) Object.assign(options, {headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)});
  const answer = await get(path, options);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.why || found.message);
  return found;
}

// --- the journal: what is kept here, what is shown, what waits until the reader wants it

let kept = [], waiting = 0, dropped = 0, most = SHOWN, wanted = {};

function matches(entry) {
  if (wanted.refused && !entry.refused) return false;
  if (wanted.surface && entry.surface !== wanted.surface) return false;
  if (wanted.status && !String(entry.status).startsWith(wanted.status.replace(/x+$/i, ""))) return false;
  for (const name of ["caller", "endpoint", "event"])
    if (wanted[name] && !(entry[name] ?? "").toLowerCase().includes(wanted[name].toLowerCase())) return false;
  if (wanted.since && entry.time < wanted.since) return false;
  if (!wanted.q) return true;
  entry.text ??= [entry.method, entry.path, entry.caller, entry.code, entry.endpoint, entry.event, entry.status, entry.why]
    .join(" ").toLowerCase();
  return wanted.q.toLowerCase().split(/\s+/).every(word => entry.text.includes(word));
}

function row(entry) {
  const what = entry.event ? `${entry.method} ${entry.event}` : `${entry.method} ${entry.path}`;
  return el("li", {id: `j${entry.id}`, class: entry.refused ? "refused" : null},
    el("a", {href: `${control}/ui/journal/${entry.id}${location.hash}`},
      el("div", {class: "line"},
        el("span", {class: "status"}, String(entry.status || "·")),
        el("code", null, what),
        el("span", {class: "dim small"}, entry.time.slice(11, 23)),
        entry.endpoint && el("span", {class: "tag"}, entry.endpoint),
        entry.caller && el("span", {class: "dim small"}, entry.caller),
        el("span", {class: "dim small"}, `${entry.ms} ms`)),
      entry.why && el("div", {class: "small why"}, entry.code && el("code", null, entry.code), entry.code ? " · " : "", entry.why)));
}

const oldest = () => wanted.order === "oldest";
// Whoever points at the list, has chosen something in it, or has scrolled down is reading.
const reading = () => $("pause").getAttribute("aria-pressed") === "true" || !$("detail").hidden
  || (!oldest() && (rows.matches(":hover") || rows.contains(document.activeElement) || scrollY > 40
    || (!getSelection().isCollapsed && rows.contains(getSelection().anchorNode))));

function render() {
  waiting = 0;
  const found = kept.filter(matches), shown = oldest() ? found.slice(0, most) : found.slice(-most).reverse();
  rows.replaceChildren(...shown.map(row));
  tell(found.length);
}

function tell(found) {
  kept = kept.slice(-KEPT);
  found ??= kept.filter(matches).length;
  news.hidden = !waiting;
  news.textContent = waiting === 1 ? "1 new entry" : `${waiting} new entries`;
  const kind = found === kept.length ? `${kept.length}` : `${found} of ${kept.length}`;
  $("kept").textContent = `${kind}${dropped ? `, ${dropped} older dropped` : ""}`;
  $("nothing").hidden = found > 0;
  $("nothing").textContent = kept.length ? "Nothing fits the filters." : "Nothing was asked yet.";
  $("older").hidden = found - waiting <= rows.childElementCount;
}

let counting = false;

function tellSoon() {  // counting ten thousand entries takes a while, and they come in many parts
  if (counting) return;
  counting = true;
  setTimeout(() => { counting = false; tell(); }, 50);
}

function take(entries) {
  kept.push(...entries);
  if (kept.length > KEPT + 1000) kept = kept.slice(-KEPT);
  const fresh = entries.filter(matches);
  if (reading()) waiting += fresh.length;
  else if (waiting) return render();
  else if (oldest()) rows.append(...fresh.slice(0, Math.max(0, most - rows.childElementCount)).map(row));
  else {
    rows.prepend(...fresh.slice(-most).reverse().map(row));
    while (rows.childElementCount > most) rows.lastElementChild.remove();
  }
  tellSoon();
}

function readFilters() {
  wanted = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  for (const field of filters.elements)
    if (field.type === "checkbox") field.checked = Boolean(wanted[field.name]);
    else if (field.name) field.value = wanted[field.name] ?? "";
  if (["surface", "status", "caller", "endpoint", "event", "since"].some(name => wanted[name]))
    filters.querySelector("details").open = true;
  most = SHOWN;
  render();
}

filters.addEventListener("input", event => {
  if (event.target.id === "worlds") {
    const root = control.replace(/(\/w\/[^/]+)?\/_mock$/, "");
    location.href = `${root}/w/${encodeURIComponent(event.target.value)}/_mock/ui`;
    return;
  }
  const chosen = new URLSearchParams([...new FormData(filters)].filter(([, value]) => value));
  history.replaceState(null, "", `${location.pathname}${chosen.size ? "#" + chosen : ""}`);
  readFilters();
});
filters.addEventListener("submit", event => event.preventDefault());
addEventListener("hashchange", readFilters);
news.addEventListener("click", () => { render(); if (!oldest()) scrollTo(0, 0); });
$("older").addEventListener("click", () => { most += SHOWN; render(); });
$("pause").addEventListener("click", event => {
  const paused = event.target.getAttribute("aria-pressed") !== "true";
  event.target.setAttribute("aria-pressed", paused);
  event.target.textContent = paused ? "Go on" : "Pause";
  if (!paused) render();
});

// --- what the world tells

async function listen() {
  const answer = await get("/events");
  if (!answer.ok) throw new Error(`${answer.status}`);
  kept = [];
  rows.replaceChildren();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    const parts = (text + value).split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const told = part.match(/^event: (\w+)\ndata: (.*)$/);
      if (told?.[1] === "entries") take(JSON.parse(told[2]));
      else if (told?.[1] === "world") changed(JSON.parse(told[2]));
    }
  }
}

let stale = false, fetching = false, clock = null;

setInterval(() => {
  const shown = document.querySelector("#now time");
  if (shown && clock && !clock.frozen) shown.textContent = `${new Date(Date.now() + clock.ahead).toISOString().slice(0, 19)}Z`;
}, 1000);

function changed(world) {
  dropped = world.dropped;
  tellSoon();
  clock = {frozen: world.clock.frozen, ahead: world.clock.epoch * 1000 - Date.now()};
  if (world.counts.journal === 0 && kept.length) { kept = []; render(); }
  stale = true;
  refresh();
}

async function refresh() {
  if (fetching || !stale || document.hidden) return;
  fetching = true;
  stale = false;
  try {
    const page = await parsed(await get("/ui"));
    for (const part of document.querySelectorAll("main > section, #now")) {
      const fresh = page.getElementById(part.id);
      if (fresh && fresh.innerHTML !== part.innerHTML) part.innerHTML = fresh.innerHTML;
    }
  } catch { /* the stream ends too, and whoever listens again fetches again */ }
  setTimeout(() => { fetching = false; refresh(); }, 500);
}

document.addEventListener("visibilitychange", refresh);
document.addEventListener("click", event => {
  const body = event.target.dataset?.clock;
  if (body) ask("POST", "/clock", JSON.parse(body));
});

// --- one entry

function json(value, name) {
  const label = name === undefined ? [] : [el("b", null, name), ": "];
  if (value === null || typeof value !== "object") return el("div", null, ...label, JSON.stringify(value));
  const list = Array.isArray(value), members = Object.entries(value);
  const open = list ? "[" : "{", close = list ? "]" : "}";
  if (!members.length) return el("div", null, ...label, open + close);
  return el("details", {open: true}, el("summary", null, ...label, `${open} ${members.length} ${close}`),
    ...members.slice(0, 500).map(([key, one]) => json(one, list ? undefined : key)),
    members.length > 500 ? el("div", {class: "dim"}, `and ${members.length - 500} more`) : "");
}

function table(pairs) {
  return el("table", null, el("tbody", null, ...pairs.map(([name, value]) =>
    el("tr", null, el("th", {scope: "row"}, name), el("td", null, el("code", null, value))))));
}

function multipart(text, boundary) {
  return el("div", null, ...text.split(`--${boundary}`).slice(1, -1).map(part => {
    const [head, ...rest] = part.split("\r\n\r\n");
    return el("div", null, el("div", {class: "dim small"}, head.trim()), el("pre", null, rest.join("\r\n\r\n").trimEnd()));
  }));
}

function body(message) {
  if (!message.text) return el("p", {class: "empty"}, message.bytes ? `${message.bytes} bytes` : "no body");
  const type = message.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  const boundary = type.match(/^multipart\/.*boundary="?([^";]+)/)?.[1];
  const cut = message.truncated ? el("p", {class: "dim small"}, `The beginning of ${message.bytes} bytes.`) : "";
  if (boundary) return el("div", null, cut, multipart(message.text, boundary));
  if (type.startsWith("application/x-www-form-urlencoded")) return el("div", null, cut, table([...new URLSearchParams(message.text)]));
  const start = message.text.search(/[[{]/);  // a frame has its type before it
  if (start >= 0 && start < 20)
    try {
      return el("div", {class: "json"}, start ? el("div", {class: "dim"}, message.text.slice(0, start)) : "", json(JSON.parse(message.text.slice(start))));
    } catch { /* it only looks like JSON */ }
  return el("div", null, cut, el("pre", null, message.text));
}

function message(title, one) {
  return el("div", null, el("h3", null, title), body(one),
    one.headers.length ? el("details", null, el("summary", {class: "small dim"}, `${one.headers.length} headers`), table(one.headers)) : "");
}

const STATED = new Set(["host", "content-length", "connection", "accept-encoding", "user-agent"]);
const quoted = text => `'${text.replaceAll("'", "'\\''")}'`;

function copies(entry) {
  const url = location.origin + control.slice(0, -6) + entry.target;
  const headers = entry.request.headers.filter(([name]) => !STATED.has(name.toLowerCase()));
  const sent = entry.request.text;
  return {
    curl: `curl -sS -X ${entry.method} ${quoted(url)}` + headers.map(([name, value]) => ` \\\n  -H ${quoted(`${name}: ${value}`)}`).join("")
      + (sent ? ` \\\n  --data-binary ${quoted(sent)}` : ""),
    httpx: `httpx.request(${JSON.stringify(entry.method)}, ${JSON.stringify(url)}, headers=${JSON.stringify(Object.fromEntries(headers))}`
      + (sent ? `, content=${JSON.stringify(sent)}.encode())` : ")"),
    fetch: `await fetch(${JSON.stringify(url)}, ${JSON.stringify({method: entry.method, headers: Object.fromEntries(headers), ...(sent ? {body: sent} : {})}, null, 2)})`,
  };
}

function fault(entry) {
  const match = Object.fromEntries(["surface", "endpoint", "event", "caller"].filter(name => entry[name]).map(name => [name, entry[name]]));
  if (!entry.event) match.method = entry.method;
  if (!entry.endpoint && !entry.event) match.path = entry.path;
  const action = entry.code ? {reject: entry.code} : entry.event ? {delay: 1} : {status: 503};
  const text = el("textarea", {rows: 9, "aria-label": "The fault to plan"});
  text.value = JSON.stringify({match, action, times: 1}, null, 2);
  const said = el("span", {role: "status", class: "small"});
  const plan = async () => {
    try {
      said.textContent = `planned as ${(await ask("POST", "/faults", JSON.parse(text.value))).id}`;
    } catch (error) { said.textContent = error.message; }
  };
  return el("details", null, el("summary", null, "Make this a fault"), el("code", {class: "dim small"}, `POST ${control}/faults`), text,
    el("div", {class: "bar"}, el("button", {type: "button", onclick: plan}, "Plan it"), said));
}

async function save(entry) {
  const found = await ask("GET", `/journal?format=har&after=${entry.id - 1}&trace=${entry.trace}`);
  const url = URL.createObjectURL(new Blob([JSON.stringify(found, null, 1)], {type: "application/json"}));
  el("a", {href: url, download: `entry-${entry.id}.har`}).click();
  URL.revokeObjectURL(url);
}

function rules(found) {
  if (!found.checks.length) return "";
  return el("div", null, el("h3", null, "The credential, rule by rule"),
    el("p", {class: "dim small"}, "As of the time of the call, with what the world knows now."),
    el("div", {class: "columns"},
      el("ul", {class: "rules"}, ...found.checks.map(one => el("li", {class: String(one.holds)}, one.rule,
        el("span", {class: "tag"}, one.holds === null ? "not judged" : one.holds ? "holds" : "does not hold"),
        one.why ? el("div", {class: "small"}, one.why) : ""))),
      found.jwt ? el("div", {class: "json"}, json(found.jwt.header, "header"), json(found.jwt.claims, "claims"),
        found.entry.credential?.seconds_left === undefined ? "" : el("div", {class: "dim"}, `exp is ${found.entry.credential.seconds_left} s after the call`)) : ""));
}

function detail(found) {
  const {entry} = found, texts = entry.event ? {} : copies(entry);
  const copied = el("span", {role: "status", class: "small"});
  const copy = (name, text) => el("button", {type: "button", "data-copy": text, onclick: async () => {
    try { await navigator.clipboard.writeText(text); copied.textContent = `${name} copied`; }
    catch { copied.replaceChildren(el("pre", null, text)); }
  }}, `Copy as ${name}`);
  const what = entry.event ? `${entry.method} ${entry.event}` : `${entry.method} ${entry.target || entry.path}`;
  const outcome = entry.refused ? `Refused${entry.status ? ` with ${entry.status}` : ""}: ` : `Answered${entry.status ? ` with ${entry.status}` : ""}. `;
  return [
    el("div", {class: "bar"}, el("a", {href: `${control}/ui${location.hash}`, id: "back"}, "← Journal")),
    el("h2", {id: "detail-title", tabindex: "-1"}, what),
    el("p", {class: entry.refused ? "lead bad" : "lead", id: "why"}, outcome + (entry.why || "")),
    table([["time", entry.time], ["code", entry.code ?? "none"], ["caller", entry.caller ?? "unknown"], ["endpoint", entry.endpoint ?? "none"],
      ["duration", `${entry.duration_ms} ms`], ["connection", entry.connections.join(", ") || "none"]]),
    rules(found),
    found.near.length ? el("div", null, el("h3", null, "Planned faults that just missed"), el("ul", null, ...found.near.map(one => el("li", null, el("code", null, one.fault), ` ${one.why}`)))) : "",
    el("div", {class: "columns"}, message("Request", entry.request), message("Answer", entry.response)),
    found.statements.length ? el("div", null, el("h3", null, "What the mock follows here"), el("ul", null, ...found.statements.map(one =>
      el("li", {class: "small"}, el("b", null, one.id), ` ${one.statement} `, el("span", {class: "dim"}, `Evidence: ${one.evidence}`))))) : "",
    el("div", {class: "bar"}, ...Object.entries(texts).map(([name, text]) => copy(name, text)),
      el("button", {type: "button", onclick: () => save(entry)}, "Save as HAR"), copied),
    entry.event || entry.surface === "web" ? "" : fault(entry),
  ];
}

async function show() {
  const id = location.pathname.match(/\/ui\/journal\/(\d+)/)?.[1], part = $("detail");
  if (!id) {
    part.hidden = true;
    $("journal").hidden = false;
    return render();
  }
  try {
    part.replaceChildren(...detail(await ask("GET", `/journal/${id}`)).filter(Boolean));
  } catch (error) {
    part.replaceChildren(el("a", {href: `${control}/ui`, id: "back"}, "← Journal"), el("h2", {id: "detail-title", tabindex: "-1"}, `Entry ${id} is not kept`), el("p", null, error.message));
  }
  $("journal").hidden = true;
  part.hidden = false;
  scrollTo(0, 0);
  $("detail-title").focus({preventScroll: true});
}

let place = 0, last = null;
document.addEventListener("click", event => {
  const link = event.target.closest?.("#rows a, #back");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.id !== "back") { place = scrollY; last = link.closest("li").id; }
  history.pushState(null, "", link.href);
  show().then(back);
});
function back() {
  if (!$("detail").hidden || !last) return;
  $(last)?.querySelector("a").focus({preventScroll: true});
  scrollTo(0, place);
  last = null;
}
addEventListener("popstate", () => show().then(back));

readFilters();
show();
for (;;) {
  try { await listen(); } catch { /* the mock is away, or the world is */ }
  await new Promise(resolve => setTimeout(resolve, 1000));
}
