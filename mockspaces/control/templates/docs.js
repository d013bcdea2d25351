// --- what can be called: search, and trying a call

let spec = null, credential = "";
const said = new WeakMap();

function searchDocs() {
  const words = low($("docs-q").value).split(/\s+/).filter(Boolean);
  let found = 0;
  for (const one of document.querySelectorAll("[data-doc]")) {
    if (!said.has(one)) said.set(one, low(one.textContent));
    one.hidden = !words.every(word => said.get(one).includes(word));
    found += !one.hidden;
  }
  for (const part of document.querySelectorAll("section.doc")) part.hidden = !part.querySelector("[data-doc]:not([hidden])");
  $("docs-found").textContent = words.length ? `${found} found` : "";
}

function dressDocs() {
  if (!$("docs-q")) return;
  $("docs-q").value = new URLSearchParams(location.hash.startsWith("#q=") ? location.hash.slice(1) : "").get("q") ?? "";
  searchDocs();
  document.querySelector(location.hash.startsWith("#q=") || !location.hash ? "x-none" : `[id="${CSS.escape(location.hash.slice(1))}"]`)?.setAttribute("open", "");
  for (const one of document.querySelectorAll("details[open]")) tryCall(one);
}

document.addEventListener("input", event => {
  if (event.target.id !== "docs-q") return;
  history.replaceState(null, "", event.target.value ? `#q=${encodeURIComponent(event.target.value)}` : location.pathname);
  searchDocs();
});
addEventListener("hashchange", () => {
  if (isJournal(address())) return showJournal();
  const meant = $(location.hash.slice(1));
  if (meant?.matches("details")) { meant.hidden = false; meant.closest("section").hidden = false; meant.open = true; meant.scrollIntoView(); }
});

// A call is tried with the fields that its description has; a body begins as its example or its members that must come.
document.addEventListener("toggle", event => { if (event.target.open) tryCall(event.target); }, true);

async function tryCall(details) {
  const place = details.querySelector(":scope > .try");
  if (!place || place.childElementCount) return;
  spec ??= await ask("GET", "/openapi.json");
  const {path, method} = place.dataset, item = spec.paths[path], operation = item[method.toLowerCase()];
  const server = (item.servers ?? spec.servers)[0].url;
  place.replaceChildren(tried(`${server}${path}`, method, operation));
}

const referred = schema => schema.$ref ? spec.components.schemas[schema.$ref.split("/").pop()] : schema;

function begun(schema, depth = 0) {
  const known = referred(schema ?? {});
  if (known.default !== undefined && known.default !== null) return known.default;
  if (known.enum) return known.enum[0];
  if (known.anyOf) return begun(known.anyOf[0], depth);
  if (known.type === "object" && depth < 4)
    return Object.fromEntries((known.required ?? []).map(name => [name, begun(known.properties?.[name], depth + 1)]));
  return {array: [], integer: 0, number: 0, boolean: false, object: {}}[known.type] ?? "";
}

function tried(url, method, operation) {
  const [type, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const controls = operation.tags[0] === "CTRL";
  const fields = operation.parameters.map(one => el("label", null, `${one.name} `,
    el("input", {name: one.name, "data-in": one.in, required: one.in === "path" || null, placeholder: one.schema.default ?? one.schema.enum?.join(" | ") ?? one.in})));
  const text = content && type !== "*/*" ? el("textarea", {rows: 6, "aria-label": "Body"}) : null;
  if (text) text.value = type === "application/json" ? JSON.stringify(begun(content.schema), null, 2)
    : new URLSearchParams(begun(content.schema)).toString();
  const bearer = controls ? null : el("label", null, "Authorization ", el("input", {"data-in": "authorization", value: credential, placeholder: "Bearer …", autocomplete: "off"}));
  const came = el("div", {role: "status"});
  const form = el("form", {class: "trial"}, ...fields, bearer, text, el("button", null, "Try it"), came);
  form.addEventListener("submit", async event => {
    event.preventDefault();
    let target = url;
    const query = new URLSearchParams(), headers = {};
    for (const field of form.querySelectorAll("input"))
      if (field.dataset.in === "path") target = target.replace(`{${field.name}}`, () => encodeURIComponent(field.value));
      else if (!field.value) continue;
      else if (field.dataset.in === "query") query.append(field.name, field.value);
      else headers[field.dataset.in === "authorization" ? "Authorization" : field.name] = field.value;
    if (headers.Authorization) credential = headers.Authorization;
    if (text) headers["Content-Type"] = type;
    if (controls && token) headers["X-Mock-Token"] = encoded(token);
    try {
      const answer = await fetch(target + (query.size ? `?${query}` : ""), {method, headers, redirect: "manual", ...(text ? {body: text.value} : {})});
      const body = await answer.text();
      const shown = [["status", answer.type === "opaqueredirect" ? "a redirect" : String(answer.status)], ...answer.headers];
      came.replaceChildren(table(shown), bodyShown(body));
    } catch (error) { came.replaceChildren(el("p", {class: "why"}, error.message)); }
  });
  return form;
}

function bodyShown(text) {
  try { return el("div", {class: "json"}, json(JSON.parse(text))); }
  catch { return el("pre", {tabindex: "0"}, text.slice(0, 100000)); }
}

document.addEventListener("submit", async event => {
  if (event.target.id !== "docs-sign-in") return;
  event.preventDefault();
  try {
    const made = await ask("POST", "/tokens", {username: event.target.elements.username.value});
    credential = `Bearer ${made.token}`;
    for (const field of document.querySelectorAll("[data-in=authorization]")) field.value = credential;
    $("docs-signed-in").textContent = "Calls that are tried from now on have a token of theirs.";
  } catch (error) { $("docs-signed-in").textContent = error.message; }
});
