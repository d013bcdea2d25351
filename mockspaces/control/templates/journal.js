// --- the journal: what is kept here, what is shown, what waits until the reader wants it

const KEPT = 10000, SHOWN = innerWidth < 768 ? 50 : 200;
let kept = [], waiting = 0, dropped = 0, most = SHOWN, wanted = {}, paused = false;
let inBodies = null, place = 0, last = null;

const low = text => (text ?? "").toLowerCase();

function matches(entry) {
  if (wanted.refused && !entry.refused) return false;
  if (wanted.surface && entry.surface !== wanted.surface) return false;
  if (wanted.status && !String(entry.status).startsWith(wanted.status.replace(/x+$/i, ""))) return false;
  for (const name of ["caller", "endpoint", "event"])
    if (wanted[name] && !low(entry[name]).includes(low(wanted[name]))) return false;
  if (wanted.since && entry.time < wanted.since) return false;
  if (!wanted.q || inBodies?.has(entry.id)) return true;
  entry.text ??= low([entry.method, entry.path, entry.caller, entry.code, entry.endpoint, entry.event, entry.status, entry.why].join(" "));
  return low(wanted.q).split(/\s+/).every(word => entry.text.includes(word));
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
const reading = rows => paused || !$("detail").hidden
  || (!oldest() && (rows.matches(":hover") || rows.contains(document.activeElement) || scrollY > 40
    || (!getSelection().isCollapsed && rows.contains(getSelection().anchorNode))));

function render() {
  waiting = 0;
  const found = kept.filter(matches), shown = oldest() ? found.slice(0, most) : found.slice(-most).reverse();
  $("rows").replaceChildren(...shown.map(row));
  tell(found.length);
}

function tell(found) {
  kept = kept.slice(-KEPT);
  if (!$("journal")) return;
  found ??= kept.filter(matches).length;
  $("news").hidden = !waiting;
  $("news").textContent = waiting === 1 ? "1 new entry" : `${waiting} new entries`;
  const kind = found === kept.length ? `${kept.length}` : `${found} of ${kept.length}`;
  $("kept").textContent = `${kind}${dropped ? `, ${dropped} older dropped` : ""}`;
  $("nothing").hidden = found > 0;
  $("nothing").textContent = kept.length ? "Nothing fits the filters." : "Nothing was asked yet.";
  $("older").hidden = found - waiting <= $("rows").childElementCount;
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
  const rows = $("rows");
  if (!rows) return;
  const fresh = entries.filter(matches);
  if (reading(rows)) waiting += fresh.length;
  else if (waiting) return render();
  else if (oldest()) rows.append(...fresh.slice(0, Math.max(0, most - rows.childElementCount)).map(row));
  else {
    rows.prepend(...fresh.slice(-most).reverse().map(row));
    while (rows.childElementCount > most) rows.lastElementChild.remove();
  }
  if (wanted.bodies && wanted.q) searchSoon();
  tellSoon();
}

function forgetEntries() {
  kept = [];
  $("rows")?.replaceChildren();
}

function countEntries(world) {
  dropped = world.dropped;
  tellSoon();
  if (world.counts.journal === 0 && kept.length) {
    kept = [];
    if ($("journal")) render();
  }
}

// Headers and bodies are with the mock, which says in which entries all the words stand.
let searching = 0, sought = "";

function searchSoon() {
  clearTimeout(searching);
  searching = setTimeout(async () => {
    const {q} = wanted;
    const {ids} = await ask("GET", `/journal/search?text=${encodeURIComponent(q)}`);
    if (wanted.q !== q || !wanted.bodies) return;
    inBodies = new Set(ids);
    if ($("journal") && !$("journal").hidden && (sought !== q || !reading($("rows")))) render();
    sought = q;
  }, 300);
}

function readFilters() {
  wanted = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  for (const field of $("filters").elements)
    if (field.type === "checkbox") field.checked = Boolean(wanted[field.name]);
    else if (field.name) field.value = wanted[field.name] ?? "";
  if (["surface", "status", "caller", "endpoint", "event", "since"].some(name => wanted[name]))
    $("filters").querySelector("details").open = true;
  most = SHOWN;
  inBodies = null;
  sought = "";
  if (wanted.q?.trim() && wanted.bodies) searchSoon();
  render();
}

document.addEventListener("input", event => {
  if (event.target.form?.id !== "filters") return;
  const chosen = new URLSearchParams([...new FormData($("filters"))].filter(([, value]) => value));
  history.replaceState(null, "", `${location.pathname}${chosen.size ? "#" + chosen : ""}`);
  readFilters();
});
document.addEventListener("submit", event => { if (event.target.id === "filters") event.preventDefault(); });

function pause() {
  paused = !paused;
  showPause();
  if (!paused) render();
}

function showPause() {
  $("pause").setAttribute("aria-pressed", paused);
  $("pause").textContent = paused ? "Go on" : "Pause";
}

document.addEventListener("click", event => {
  if (event.target.id === "pause") pause();
  else if (event.target.id === "news") { render(); if (!oldest()) scrollTo(0, 0); }
  else if (event.target.id === "older") { most += SHOWN; render(); }
});

// The list, or the entry that the address names; whoever comes back finds the list where they left it.
async function showJournal() {
  const id = location.pathname.match(/\/ui\/journal\/(\d+)/)?.[1];
  showPause();
  if (id) return await showEntry(id);
  $("detail").hidden = true;
  $("journal").hidden = false;
  readFilters();
  if (!last) return;
  $(last)?.querySelector("a").focus({preventScroll: true});
  scrollTo(0, place);
  last = null;
}

function remember(link) {
  const item = link.closest("#rows li");
  if (item) { place = scrollY; last = item.id; }
}

// --- keys

function step(by) {
  const links = [...document.querySelectorAll("#rows a, #frames a, #found strong, #things a")].map(one => one.closest("a"));
  const at = links.indexOf(document.activeElement);
  links[at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
}

document.addEventListener("keydown", event => {
  const typing = event.target.matches?.("input, select, textarea");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && typing) event.target.blur();
  else if (event.key === "Escape" && $("back")) $("back").click();
  if (typing) return;
  const act = {
    j: () => step(1), k: () => step(-1),
    "/": () => document.querySelector("#view section:not([hidden]) input[type=search]")?.focus(),
    r: () => $("filters")?.elements.refused.click(),
    p: () => $("pause")?.click(),
  }[event.key];
  if (act) { event.preventDefault(); act(); }
});
