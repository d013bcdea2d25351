// --- calls: a form shows the call that it makes, to copy, makes it, and shows what came of it

// What a field says, as JSON has it: numbers are numbers, and what is marked as JSON is taken as it stands.
function valueOf(field) {
  if (field.type === "number") return Number(field.value);
  if (field.dataset.type === "json" || field.dataset.type === "maybe")
    try { return JSON.parse(field.value); }
    catch (error) { if (field.dataset.type === "json") throw new Error(`${field.name}: ${error.message}`); }
  return field.value;
}

// A name with dots is a member of a member; a field "key" says how the member is called that a field "value" fills.
function callOf(form) {
  const {method} = form.dataset, fields = [...form.elements].filter(one => one.name && one.value !== "");
  let path = form.dataset.path, key, file;
  const body = {}, query = new URLSearchParams();
  for (const field of fields)
    if (field.dataset.in === "path") path = path.replace(`{${field.name}}`, () => encodeURIComponent(field.value));
    else if (field.dataset.in === "query") query.append(field.name, field.value);
    else if (field.type === "file") file = field.files[0];
    else if (field.dataset.in === "body") Object.assign(body, JSON.parse(field.value));
    else if (field.dataset.in === "key") key = field.value;
    else if (field.dataset.in === "value") body[key] = valueOf(field);
    else {
      const names = field.name.split("."), member = names.pop();
      let inner = body;
      for (const name of names) inner = inner[name] ??= {};
      inner[member] = valueOf(field);
    }
  if (query.size) path += `?${query}`;
  return {method, path, body: method === "DELETE" || method === "GET" ? undefined : file ?? body};
}

const quoted = text => `'${text.replaceAll("'", "'\\''")}'`;

function curl({method, path, body}) {
  return `curl -sS -X ${method} ${quoted(location.origin + control + path)}`
    + (token ? ` -H "X-Mock-Token: $MOCK_TOKEN"` : "")
    + (body === undefined ? "" : ` -H 'Content-Type: application/json' ${body instanceof File ? `--data-binary ${quoted(`@${body.name}`)}` : `-d ${quoted(JSON.stringify(body))}`}`);
}

function copyButton(text, label = "Copy") {
  const button = el("button", {type: "button", class: "quiet"}, label);
  button.addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(text()); button.textContent = "Copied"; }
    catch { getSelection().selectAllChildren(button.previousElementSibling ?? button); }
    setTimeout(() => { button.textContent = label; }, 1500);
  });
  return button;
}

function dressCalls() {
  for (const form of document.querySelectorAll("form.call:not([data-dressed])")) {
    form.dataset.dressed = "";
    const shown = el("code", {class: "shown"});
    form.append(el("div", {class: "made"}, shown, copyButton(() => shown.textContent)), el("div", {role: "status", class: "came"}));
    showCall(form);
  }
}

function showCall(form) {
  try { form.querySelector(".shown").textContent = curl(callOf(form)); }
  catch (error) { form.querySelector(".shown").textContent = error.message; }
}

document.addEventListener("input", event => {
  if (event.target.form?.matches("form.call")) showCall(event.target.form);
});
document.addEventListener("submit", async event => {
  const form = event.target;
  if (!form.matches("form.call")) return;
  event.preventDefault();
  if (form.dataset.sure && !confirm(form.dataset.sure)) return;
  const came = form.querySelector(".came");
  try {
    const {method, path, body} = callOf(form);
    if (body instanceof File) came.replaceChildren(el("p", null, `Reading ${body.name} …`));
    const found = await ask(method, path, body);
    if (found.differences) came.replaceChildren(...checkShown(found));
    else came.replaceChildren(el("p", {class: "good"}, "Done."), Object.keys(found).length ? el("pre", {tabindex: "0"}, JSON.stringify(found, null, 2)) : "");
    if (found.entry) came.append(el("p", null, el("a", {href: `${control}/ui/journal/${found.entry}`}, "Its entry")));
    if (found.urls) came.append(el("p", null, el("a", {href: `${found.urls.prefix.control}/ui`, target: "_top"}, "Its page")));
  } catch (error) {
    came.replaceChildren(el("p", {class: "why"}, error.message));
  }
  if (document.activeElement?.form === form) document.activeElement.blur();  // what is live may be shown anew
});

// What a check of recorded traffic has found: differences first, what was shown of statements, and what was not judged.
const MOST_SHOWN = 200;

function* checkShown(found) {
  const {differences: all} = found;
  yield el("p", {class: found.clean ? "good" : "why"}, found.clean ? "Nothing differs."
    : `${all.length + found.dropped} ${all.length + found.dropped === 1 ? "difference" : "differences"}.`);
  if (!found.clean) yield el("ul", null, ...all.slice(0, MOST_SHOWN).map(one => el("li", null,
    el("strong", null, one.call), ` ${one.what} `,
    ...[...one.statements, one.place].filter(Boolean).flatMap(name => [el("span", {class: "tag"}, name), " "]),
    el("span", {class: "dim small"}, `${one.count} times, entries ${one.entries.join(", ")}`))));
  if (all.length > MOST_SHOWN) yield el("p", {class: "dim"}, `The first ${MOST_SHOWN} of them; the call answers all.`);
  for (const [title, counted] of [["Entries", found.counts], ["Statements", found.verdicts], ["Remarks", found.remarks], ["Credentials", found.credentials]])
    if (Object.keys(counted).length) yield el("details", title === "Entries" || title === "Statements" ? {open: true} : null, el("summary", null, title),
      el("table", null, el("tbody", null, ...Object.entries(counted).map(([what, count]) => el("tr", null, el("th", {scope: "row"}, what), el("td", null, `${count}`))))));
}
