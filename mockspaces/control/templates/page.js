// The page's own script. What comes from outside becomes text nodes, or HTML that the mock has escaped: nothing of it can run.
const control = location.pathname.slice(0, location.pathname.indexOf("/_mock") + 6);
const $ = id => document.getElementById(id);
let token = sessionStorage.getItem("mock-token") ?? "";

const get = (path, options = {}) =>
  fetch(control + path, {...options, headers: {...options.headers, ...(token ? {"X-Mock-Token": encoded(token)} : {})}});

// A header is made of bytes; the token is sent as UTF-8.
const encoded = text => String.fromCharCode(...new TextEncoder().encode(text));

const parsed = text => new DOMParser().parseFromString(text, "text/html");

// Without the control token the page is empty: it asks for it and then takes what the same address has for who knows it.
while ($("sign-in")) {
  if (token) {
    const answer = await get(location.pathname.slice(control.length) + location.search);
    if (answer.status !== 401) {
      sessionStorage.setItem("mock-token", token);
      const page = parsed(await answer.text());
      document.title = page.title;
      document.body.replaceChildren(...page.querySelectorAll("header, main"));
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
  if (body !== undefined) Object.assign(options, {headers: {"Content-Type": "application/json"}, body: body instanceof Blob ? body : JSON.stringify(body)});
  const answer = await get(path, options);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.why || found.message);
  return found;
}

// --- views: each has an address, and is rendered by the mock; this goes from one to the other without a new page

let viewed = null, fetching = false, stale = false;  // what is viewed at first came with the page

const address = () => location.pathname.slice(control.length) + location.search;
const isJournal = path => /^\/ui(\/journal\/\d+)?\/?$/.test(path.split(/[?#]/)[0]);

async function part(path) {
  const answer = await get(path, {headers: {"X-Mock-Part": "1"}});
  const text = await answer.text();
  if (answer.headers.get("content-type").startsWith("text/html")) return parsed(text).body;
  const told = JSON.parse(text);
  return el("body", null, el("section", null, el("h2", null, "Not here"), el("p", null, told.why || told.message)));
}

async function go(href) {
  history.pushState(null, "", href);
  await open();
}

// Show the view that the address names; of the journal and its entries the view is one.
async function open() {
  const path = address(), journal = isJournal(path);
  const first = viewed === null;
  if (journal !== Boolean($("journal")) || (!journal && !first && viewed !== path)) {
    const found = await part(journal ? "/ui" : path);
    if (address() !== path) return;  // somebody went on meanwhile
    $("view").replaceChildren(...found.childNodes);
    scrollTo(0, 0);
  }
  viewed = path;
  behind = false;
  $("fresh").hidden = true;
  for (const link of document.querySelectorAll("nav a"))
    link.toggleAttribute("aria-current", false);
  const [here] = [...document.querySelectorAll("nav a")].filter(link => isJournal(path) ? link.pathname === `${control}/ui`
    : location.pathname.startsWith(link.pathname) && link.pathname !== `${control}/ui`);
  here?.setAttribute("aria-current", "page");
  if (journal) await showJournal();
  else {
    dressCalls();
    dressDocs();
    if (!first) focusOn($("view").querySelector("h2"));
  }
}

function focusOn(heading) {
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({preventScroll: true});
}

document.addEventListener("click", event => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button || link.origin !== location.origin) return;
  const path = link.pathname.startsWith(control) ? link.pathname.slice(control.length) : "";
  if (!/^\/(ui|docs)(\/|$)/.test(path) || (link.hash && link.pathname === location.pathname && !isJournal(path))) return;
  event.preventDefault();
  remember(link);
  go(link.href);
});
document.addEventListener("submit", event => {
  if (!event.target.matches("form.find")) return;
  event.preventDefault();
  go(`${new URL(event.target.action).pathname}?${new URLSearchParams(new FormData(event.target))}`);
});
addEventListener("popstate", open);

// What is marked as live is fetched anew when the world has changed, but for what somebody reads: that waits, and a
// button says so.
const shownLast = new WeakMap();  // what the mock said of a part; the part itself may have been dressed since
let behind = false;

function busy(part) {
  const chosen = getSelection();
  return (part.dataset.live && scrollY > 40) || part.contains(document.activeElement) || (!chosen.isCollapsed && part.contains(chosen.anchorNode));
}

async function refresh() {
  const shown = document.querySelectorAll("#view [data-live]");
  if (fetching || !stale || document.hidden || !shown.length) return;
  fetching = true;
  stale = behind = false;
  const path = address();
  try {
    const page = await part(path);
    for (const old of shown) {
      const fresh = page.querySelector(`#${old.id}`), said = fresh?.innerHTML;
      if (path !== address() || !fresh || shownLast.get(old) === said) continue;
      if (busy(old)) { behind = true; continue; }
      shownLast.set(old, said);
      for (const one of old.querySelectorAll("details[open][id]")) fresh.querySelector(`#${one.id}`)?.setAttribute("open", "");
      old.replaceChildren(...fresh.childNodes);
      dressCalls();
    }
  } catch { /* the stream ends too, and whoever listens again fetches again */ }
  $("fresh").hidden = !behind;
  setTimeout(() => { fetching = false; refresh(); }, 500);
}

function catchUp() {
  stale ||= behind && ![...document.querySelectorAll("#view [data-live]")].some(busy);
  refresh();
}

for (const name of ["focusout", "selectionchange"])
  document.addEventListener(name, () => setTimeout(catchUp));
document.addEventListener("click", event => {
  if (event.target.id !== "fresh") return;
  scrollTo(0, 0);
  getSelection().removeAllRanges();
  catchUp();
});
document.addEventListener("visibilitychange", refresh);

// --- what the world tells

let clock = null, hearing = new AbortController();

// A page that was left may be kept by the browser, and with it a connection, of which there are six to a host.
addEventListener("pagehide", () => hearing.abort());
addEventListener("pageshow", event => { if (event.persisted) hearing = new AbortController(); });

async function listen() {
  const answer = await get("/events", {signal: hearing.signal});
  if (!answer.ok) throw new Error(`${answer.status}`);
  forgetEntries();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    const parts = (text + value).split("\n\n");
    text = parts.pop();
    for (const one of parts) {
      const said = one.match(/^event: (\w+)\ndata: (.*)$/);
      if (said?.[1] === "entries") take(JSON.parse(said[2]));
      else if (said?.[1] === "world") changed(JSON.parse(said[2]));
    }
  }
}

function showTime() {
  if (!clock) return;
  const now = clock.frozen ? clock.epoch * 1000 : Date.now() + clock.ahead;
  document.querySelector("#clock time").textContent = `${new Date(now).toISOString().slice(0, 19)}Z`;
  $("frozen").hidden = !clock.frozen;
  $("ahead").hidden = Math.abs(clock.offset) <= 1;
  $("ahead").textContent = `${clock.offset > 0 ? "+" : ""}${Math.round(clock.offset)} s`;
}
setInterval(showTime, 1000);

function changed(world) {
  clock = {...world.clock, ahead: world.clock.epoch * 1000 - Date.now()};
  showTime();
  countEntries(world);
  stale = true;
  refresh();
}

document.addEventListener("input", event => {
  if (event.target.id !== "worlds") return;
  const root = control.replace(/(\/w\/[^/]+)?\/_mock$/, "");
  location.href = `${root}/w/${encodeURIComponent(event.target.value)}/_mock${isJournal(address()) ? "/ui" : location.pathname.slice(control.length)}`;
});
