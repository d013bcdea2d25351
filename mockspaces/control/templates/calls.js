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
  let path = form.dataset.path, key;
  const body = {};
  for (const field of fields)
    if (field.dataset.in === "path") path = path.replace(`{${field.name}}`, () => encodeURIComponent(field.value));
    else if (field.dataset.in === "body") Object.assign(body, JSON.parse(field.value));
    else if (field.dataset.in === "key") key = field.value;
    else if (field.dataset.in === "value") body[key] = valueOf(field);
    else {
      const names = field.name.split("."), member = names.pop();
      let inner = body;
      for (const name of names) inner = inner[name] ??= {};
      inner[member] = valueOf(field);
    }
  return {method, path, body: method === "DELETE" || method === "GET" ? undefined : body};
}

const quoted = text => `'${text.replaceAll("'", "'\\''")}'`;

function curl({method, path, body}) {
  return `curl -sS -X ${method} ${quoted(location.origin + control + path)}`
    + (token ? ` -H "X-Mock-Token: $MOCK_TOKEN"` : "")
    + (body === undefined ? "" : ` -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`);
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
    const {method, path, body} = callOf(form), found = await ask(method, path, body);
    came.replaceChildren(el("p", {class: "good"}, "Done."), Object.keys(found).length ? el("pre", {tabindex: "0"}, JSON.stringify(found, null, 2)) : "");
    if (found.entry) came.append(el("p", null, el("a", {href: `${control}/ui/journal/${found.entry}`}, "Its entry")));
    if (found.urls) came.append(el("p", null, el("a", {href: `${found.urls.prefix.control}/ui`, target: "_top"}, "Its page")));
  } catch (error) {
    came.replaceChildren(el("p", {class: "why"}, error.message));
  }
  if (document.activeElement?.form === form) document.activeElement.blur();  // what is live may be shown anew
});
