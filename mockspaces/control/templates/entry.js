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
    el("tr", null, el("th", {scope: "row"}, name), el("td", null, value instanceof Node ? value : el("code", null, value))))));
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

function copies(entry) {
  const prefix = control.slice(0, -6);  // of a world; who came to its own port did not use it
  const url = location.origin + (entry.target.startsWith(`${prefix}/`) ? "" : prefix) + entry.target;
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
  const text = el("textarea", {name: "fault", "data-in": "body", rows: 9, "aria-label": "The fault to plan"});
  text.value = JSON.stringify({match, action, times: 1}, null, 2);
  return el("details", null, el("summary", null, "Make this a fault"),
    el("form", {class: "call", "data-method": "POST", "data-path": "/faults"}, text, el("button", null, "Plan it")));
}

function again(entry) {
  if (entry.surface === "realtime" || entry.request.truncated) return "";
  return el("details", null, el("summary", null, "Send again"),
    el("p", {class: "small dim"}, "The same request, with the credential that it had; whatever it does it does once more."),
    el("form", {class: "call", "data-method": "POST", "data-path": `/journal/${entry.id}/repeat`}, el("button", null, "Send it")));
}

function connections(entry) {
  const names = entry.connections.slice(0, 20);
  if (entry.surface !== "realtime" || !names.length) return entry.connections.join(", ") || "none";
  return el("span", null, ...names.flatMap(name => [el("a", {href: `${control}/ui/sockets/${encodeURIComponent(name)}`}, name), " "]),
    entry.connections.length > 20 ? `and ${entry.connections.length - 20} more` : "");
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
    el("h2", {id: "detail-title"}, what),
    el("p", {class: entry.refused ? "lead bad" : "lead", id: "why"}, outcome + (entry.why || "")),
    table([["time", entry.time], ["code", entry.code ?? "none"], ["caller", entry.caller ?? "unknown"], ["endpoint", entry.endpoint ?? "none"],
      ["duration", `${entry.duration_ms} ms`], ["connection", connections(entry)]]),
    rules(found),
    found.near.length ? el("div", null, el("h3", null, "Planned faults that just missed"), el("ul", null, ...found.near.map(one => el("li", null, el("code", null, one.fault), ` ${one.why}`)))) : "",
    el("div", {class: "columns"}, message("Request", entry.request), message("Answer", entry.response)),
    found.statements.length ? el("div", null, el("h3", null, "What the mock follows here"), el("ul", null, ...found.statements.map(one =>
      el("li", {class: "small"}, el("b", null, one.id), ` ${one.statement} `, el("span", {class: "dim"}, `Evidence: ${one.evidence}`))))) : "",
    el("div", {class: "bar"}, ...Object.entries(texts).map(([name, text]) => copy(name, text)),
      el("button", {type: "button", onclick: () => save(entry)}, "Save as HAR"), copied),
    again(entry),
    entry.event || entry.surface === "web" ? "" : fault(entry),
  ];
}

async function showEntry(id) {
  const part = $("detail");
  try {
    part.replaceChildren(...detail(await ask("GET", `/journal/${id}`)).filter(Boolean));
  } catch (error) {
    part.replaceChildren(el("a", {href: `${control}/ui`, id: "back"}, "← Journal"), el("h2", {id: "detail-title"}, `Entry ${id} is not kept`), el("p", null, error.message));
  }
  $("journal").hidden = true;
  part.hidden = false;
  dressCalls();
  scrollTo(0, 0);
  focusOn($("detail-title"));
}
