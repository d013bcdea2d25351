"""The reference pages of the documentation, made from code and rows: `scripts/documentation.py` adds them to the site.

Nothing of them is kept in the repository, so that nothing of them can be stale.
"""

import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import click
import msgspec

from mockspaces import client
from mockspaces.cli import PREFIX, main
from mockspaces.client import Aio, Clock, Fault, Faults, Journal, Mockspaces
from mockspaces.client.words import FrameFault, TransportFault
from mockspaces.cloud.kernel.misbehaviour import ROWS as MISBEHAVIOURS
from mockspaces.contract import Contract, events, refusals
from mockspaces.contract.behaviours import Behaviour, catalogue
from mockspaces.contract.rows import Endpoint, ErrorCode, Surface
from mockspaces.contract.settings import Settings, wire_name
from mockspaces.pytest_plugin import OPTIONS
from mockspaces.server import Server
from scripts import fidelity
from scripts.meanings import MEANINGS

ROOT = Path(__file__).parent.parent
FOLDER = "reference"
ID = re.compile(r"\b[A-Z]{2,}(?:-[A-Z]+)*-\d\d\b")
AREAS = ("accounts", "data", "realtime", "rest", "messages", "spaces", "users", "unknown")
SURFACES: Mapping[Surface, str] = {
    "accounts": "Identity server",
    "rest": "REST API",
    "storage": "Storage",
}
KINDS = {
    "none": "nobody has to sign in",
    "user": "user JWT",
    "anon": "JWT of an anonymous user",
    "oauth": "access token",
    "svc": "JWT of a service app",
    "sat": "space access token",
    "session": "session cookie",
    "client": "OAuth client",
    "client_id": "id of an OAuth client",
    "url-signature": "signed URL",
}


def pages() -> dict[str, str]:
    """Return every page by its path below ``docs/``."""
    return {name: write() for name, write in NAMES.items()}


def linked(text: str, up: str = "") -> str:
    """Return a text in which each behaviour id leads to its statement; ``up`` is the way to the reference."""

    def link(match: re.Match[str]) -> str:
        row = catalogue().get(match[0])
        return f"[{row.id}]({up}behaviours-{row.area}.md#{row.id})" if row else match[0]

    return ID.sub(link, text)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; a bar in a cell is no border."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [
        "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows
    ]
    return "\n".join(lines)


def paragraphs(*parts: str) -> str:
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


# The command line


def commands() -> dict[str, click.Command]:
    """Return every command by its name, those that are loaded late too."""
    context = click.Context(main)
    found = ((name, main.get_command(context, name)) for name in main.list_commands(context))
    return {name: command for name, command in found if command}


def variable(name: str, option: click.Parameter) -> str:
    """Return the environment variable of an option."""
    return str(option.envvar or f"{PREFIX}_{name}_{option.name}".upper())


def command_line() -> str:
    parts = [
        "# Command line",
        (
            "`mockspaces COMMAND --help` says the same in a terminal. A slip is one line on standard error and exit code 2. "
            "Every option can also be given as [an environment variable](environment.md). "
            "[Completion](../command-line.md#completion) of commands and options is built in."
        ),
    ]
    for name, command in commands().items():
        parts += [f"## mockspaces {name}", _usage(name, command), _told(command.help or ""), _options(name, command)]
    return paragraphs(*parts)


def _usage(name: str, command: click.Command) -> str:
    pieces = command.collect_usage_pieces(click.Context(command, info_name=f"mockspaces {name}"))
    return f"```text\nmockspaces {name} {' '.join(pieces)}\n```"


def _told(text: str) -> str:
    return inspect.cleandoc(text).replace("\b\n", "")


def _options(name: str, command: click.Command) -> str:
    rows = [
        (
            ", ".join(f"`{one}`" for one in option.opts),
            _default(option),
            f"`{variable(name, option)}`",
            option.help or "",
        )
        for option in command.params
        if isinstance(option, click.Option)
    ]
    return table(("option", "default", "variable", "what it does"), rows) if rows else ""


def _default(option: click.Option) -> str:
    shown = option.default
    known = isinstance(shown, (str, int, float)) and not isinstance(shown, bool)
    return f"`{shown}`" if known and shown != "" else ""


def environment() -> str:
    rows = [
        (f"`{variable(name, option)}`", f"`mockspaces {name} {option.opts[0]}`", _default(option), option.help or "")
        for name, command in commands().items()
        for option in command.params
        if isinstance(option, click.Option)
    ]
    plugin = [(f"`--mockspaces-{name}`", f"`mockspaces_{name}`", text) for name, text in OPTIONS.items()]
    return paragraphs(
        "# Environment",
        "Every option of a command is a variable too. `mockspaces serve` ends at once, and names the nearest one, if a "
        "variable begins with `MOCKSPACES_` and is none of these: a misspelt option is never ignored. Flags are `true` or "
        "`false`, lists are separated by blanks. [The container](../docker.md#configure-it) says what the image sets.",
        "## Variables",
        table(("variable", "is", "default", "what it does"), rows),
        "## Options of pytest",
        "The plugin reads no variable; it has options, and the same as settings of `pytest.ini`.",
        table(("option", "in `pytest.ini`", "what it does"), plugin),
    )


# Settings, limits


def settings() -> str:
    parts = [
        "# Settings",
        (
            "Each is a named relaxation or variant of one world; the defaults are strict and faithful. In a test: "
            "`mockspaces.settings(accounts_strict_rotation=True)`; at the start: `mockspaces serve --set "
            'accounts.strict_rotation=true`; over HTTP: `PATCH /_mock/settings` with `{"accounts.strict_rotation": true}`.'
        ),
    ]
    hints = get_type_hints(Settings, include_extras=True)
    for field in msgspec.structs.fields(Settings):
        does, kind = _described(hints[field.name])
        name = wire_name(field.name)
        rows = [
            ("values", kind),
            ("default", f"`{json.dumps(field.default)}`"),
            ("in a test", f"`mockspaces.settings({field.name}=...)`"),
            ("at the start", f"`mockspaces serve --set {name}=...`"),
        ]
        cited = [one.id for one in catalogue().values() if f"`{name}" in one.statement]
        parts += [f"## `{name}` {{#{name}}}", does, table(("", ""), rows)]
        parts.append(f"Statements that name it: {linked(', '.join(cited))}." if cited else "")
    return paragraphs(*parts)


def _described(hint: Any) -> tuple[str, str]:
    """Return what a setting says of itself, and the values that it takes."""
    does, bounds = "", ""
    while get_origin(hint) is Annotated:
        hint, *notes = get_args(hint)
        for note in notes:
            does = note.description or does
            bounds += f", {note.ge} to {note.le}" if note.le is not None else ""
            bounds += f", `{note.pattern}`" if note.pattern else ""
    return does, _kind(hint) + bounds


def _kind(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return " or ".join(f"`{json.dumps(word)}`" for word in get_args(hint))
    if get_origin(hint) is tuple:
        return "a list of texts"
    names = {str: "a text", bool: "`true` or `false`", int: "a whole number"}
    return str(names.get(hint, "a text, or null"))


def limits() -> str:
    shipped = Contract.shipped().limits
    hints = get_type_hints(type(shipped), include_extras=True)
    rows = []
    for field in msgspec.structs.fields(type(shipped)):
        extra = get_args(hints[field.name])[1].extra
        rows.append((f"`{field.name}`", f"{field.default:,}", extra["confidence"], linked(extra["source"])))
    return paragraphs(
        "# Limits",
        "Lifetimes, sizes and counts; `_s` means seconds. [What D, C and A mean](../bibliography.md#grades). Each can be "
        'replaced: `PATCH /_mock/contract` with `{"limits": {"invite_calls": 5}}`, or an overlay at the start.',
        "Rate limits (`rest_calls` and below) are counted always, and enforced with the setting "
        "[`rest.enforce_limits`](settings.md#rest.enforce_limits): [a recipe](../recipes/rate-limit.md).",
        table(("limit", "value", "evidence", "source"), rows),
    )


# Calls, scopes, codes


@cache
def documents() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the OpenAPI and the AsyncAPI document as a fresh server answers them."""
    with Server() as running, Mockspaces(running.url) as mock:
        return mock.call("GET", "/openapi.json"), mock.call("GET", "/asyncapi.json")


@cache
def operations() -> dict[str, dict[str, Any]]:
    """Return the calls of the OpenAPI document by their ids."""
    paths = documents()[0]["paths"].values()
    return {
        one["operationId"]: one
        for path in paths
        for one in path.values()
        if isinstance(one, dict) and "operationId" in one
    }


def served(surface: str) -> list[Endpoint]:
    """Return the calls of a surface that are served."""
    rows = Contract.shipped().endpoints.values()
    return [row for row in rows if row.surface == surface and row.emulate and row.id in operations()]


def control() -> str:
    parts = [
        "# Control API",
        (
            "[The guide](../control-api.md) shows how the calls are used. All are below `/_mock` of a world and speak JSON; "
            "`GET /_mock/openapi.json` of a running mock has every schema."
        ),
        f"Each may be refused with {_coded(refusals.of_surface('control'))}.",
    ]
    for row in served("control"):
        operation = operations()[row.id]
        parts += [
            f"## {row.method} {row.path} {{#{row.id}}}",
            _marked(operation["summary"]),
            _parameters(operation["parameters"]),
            _body(operation),
            f"Answer: {_answer(operation)}.{f' Refusals: {_refusals(row)}.' if _refusals(row) else ''}",
        ]
    return paragraphs(*parts)


def _parameters(parameters: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (f"`{one['name']}`", one["in"], _schema(one["schema"]), "yes" if one["required"] else "") for one in parameters
    ]
    return table(("parameter", "in", "type", "required"), rows) if rows else ""


def _body(operation: Mapping[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    schema = _resolved(content.get("application/json", {}).get("schema", {}))
    members = schema.get("properties", {})
    if not members:
        return ""
    required = schema.get("required", ())
    rows = [
        (
            f"`{name}`",
            _schema(one),
            "yes" if name in required else f"`{json.dumps(one['default'])}`" if "default" in one else "",
            one.get("description", ""),
        )
        for name, one in members.items()
    ]
    return "Body:\n\n" + table(("member", "type", "required, or default", ""), rows)


def _answer(operation: Mapping[str, Any]) -> str:
    done = operation["responses"].get("200", {}).get("content", {})
    schema: Mapping[str, Any] = next((one.get("schema", {}) for one in done.values()), {})
    return _schema(schema) or "nothing"


def _resolved(schema: Mapping[str, Any], document: int = 0) -> Mapping[str, Any]:
    """Return a schema, or the one that it refers to."""
    while "$ref" in schema:
        schema = documents()[document]["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _schema(schema: Mapping[str, Any]) -> str:
    """Return a type in words: ``text``, ``list of Member``."""
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(word)}`" for word in schema["enum"])
    choices = schema.get("anyOf")
    if choices:
        return " or ".join(dict.fromkeys(map(_schema, choices)))
    kinds = schema.get("type", "any JSON")
    if kinds == "array":
        return f"list of {_schema(schema.get('items', {}))}"
    return " or ".join([kinds] if isinstance(kinds, str) else kinds)


def _refusals(row: Endpoint) -> str:
    """Return what a call is refused with, beside what every call of its surface is."""
    shared = refusals.of_surface(row.surface)
    return _coded(key for key in refusals.of(row) if key not in shared)


def _coded(keys: Iterable[str]) -> str:
    return ", ".join(f"[`{key}`](codes.md#{key})" for key in keys)


def calls() -> str:
    parts = [
        "# Emulated calls",
        (
            "What the mock answers in the place of the vendor. A call that is not here is not served. "
            "[What D, C and A mean](../bibliography.md#grades); an id leads to the statements about a call."
        ),
    ]
    for surface, title in SURFACES.items():
        rows = served(surface)
        parts += [f"## {title}", f"Each may be refused with {_coded(refusals.of_surface(surface))}."]
        for row in rows:
            about = [one.id for one in catalogue().values() if re.fullmatch(rf"{row.id}-\d\d", one.id)]
            facts = [
                ("what it does", _marked(operations()[row.id]["summary"])),
                ("also at", ", ".join(f"`{path}`" for path in row.aliases)),
                ("who may call", ", ".join(KINDS[kind] for kind in row.auth)),
                ("scope of a service app", f"[`{row.scope}`](scopes.md#{row.scope})" if row.scope else ""),
                ("permission", f"`{row.permission}`" if row.permission != "none" else ""),
                ("evidence", f"{row.confidence}: {evidence(row.source)}"),
                ("refusals", _refusals(row)),
                ("statements", linked(", ".join(about))),
            ]
            parts += [f"### {row.method} {row.path} {{#{row.id}}}", table(("", ""), [one for one in facts if one[1]])]
    return paragraphs(*parts)


def scopes() -> str:
    parts = [
        "# Scopes",
        "## Scopes of service apps",
        'Each opens one call. `mockspaces.service_app(scopes=[...])` makes an app with some, `scopes="all"` with all.',
    ]
    for row in Contract.shipped().scopes.values():
        home = "events.md#connect" if row.endpoint == "SOCKET" else f"calls.md#{row.endpoint}"
        roles = f" The service account has to be {' or '.join(row.roles)} in the space." if row.roles else ""
        said = (
            f"{row.purpose}. Opens [{row.endpoint}]({home}).{roles} Evidence {row.confidence}: {evidence(row.source)}."
        )
        parts += [f"### `{row.name}` {{#{row.name}}}", said]
    rows = [
        (
            f"`{row.name}`",
            ", ".join(f"`{word}`" for word in row.spellings),
            row.consent,
            "yes" if row.default else "",
            f"`{row.printed}`" if row.printed else "",
        )
        for row in Contract.shipped().oauth_scopes.values()
    ]
    head = ("scope", "spellings of a request", "on the consent page", "granted unasked", "as the answer has it")
    parts += [
        "## OAuth scopes",
        (
            "What users consent to. [`accounts.scope_style`](settings.md#accounts.scope_style) says in which words the answer "
            "has them."
        ),
        table(head, rows),
    ]
    return paragraphs(*parts)


def codes() -> str:
    parts = [
        "# Codes",
        (
            "Every refusal that the mock knows: its code, what it means, and what to do. The answer says little, as the real "
            "one does; **why** it was refused is in the journal: `mockspaces.journal.last(refused=True).why`, `GET "
            '/_mock/journal`, or the page at `/_mock/ui`. To get one on purpose: `mockspaces.reject("auth.credential_expired")`.'
        ),
    ]
    answered: dict[str, list[Endpoint]] = {}
    for surface in ("accounts", "rest", "storage", "control"):
        for row in served(surface):
            for key in refusals.of(row):
                answered.setdefault(key, []).append(row)
    parts += [part for row in Contract.shipped().errors.values() for part in _code(row, answered.get(row.id, []))]
    return paragraphs(*parts)


FEW_CALLS = 12


def _code(row: ErrorCode, answered: Sequence[Endpoint]) -> Iterator[str]:
    means, todo = MEANINGS[row.id]
    pages_of = {"control": "control.md"}
    places = [f"[{one.id}]({pages_of.get(one.surface, 'calls.md')}#{one.id})" for one in answered]
    where = f"{len(places)} calls" if len(places) > FEW_CALLS else ", ".join(places)
    facts = [
        ("status", row.status),
        ("code on the wire", f"`{row.code}`"),
        ("message", row.message),
        ("answered by", where),
        ("evidence", f"{row.confidence}: {evidence(row.source)}"),
    ]
    yield f"## `{row.id}` {{#{row.id}}}"
    yield f"**What it means.** {means}"
    yield f"**What to do.** {todo}"
    yield table(("", ""), [one for one in facts if one[1]])


# Events


def socket_events() -> str:
    document = documents()[1]
    shown: list[str] = []
    parts = [
        "# Events of the socket",
        (
            "What clients and server say in the namespace `/chat`. [The guide](../realtime.md) shows how libraries connect; "
            "`GET /_mock/asyncapi.json` is the same for machines, with every pattern."
        ),
        "## Connecting {#connect}",
        f"A service app needs the scope [`{events.CONNECT.scope}`](scopes.md#{events.CONNECT.scope}).",
        table(
            ("in the URL", "what it is"),
            [
                (f"`{name}`", linked(one["description"]))
                for name, one in document["channels"]["chat"]["bindings"]["ws"]["query"]["properties"].items()
            ],
        ),
    ]
    for row in events.ROWS:
        message = document["components"]["messages"][row.id]
        payload = message["payload"]
        who = "a client" if row.by == "client" else "the server"
        answers = f" Answered by {', '.join(f'[`{name}`](#{name})' for name in row.answers)}." if row.answers else ""
        parts += [
            f"## `{row.id}` {{#{row.id}}}",
            f"Said by {who}. {row.purpose}{answers} Evidence {row.confidence}: {evidence(row.source)}.",
            f"Payload: {_shape(payload)}",
        ]
        shown += [name for name in _names(payload) if name not in shown]
        for one in message.get("examples", ()):
            parts.append(f"```json\n{json.dumps(one['payload'], indent=2, ensure_ascii=False)}\n```")
    parts.append("## Objects of payloads")
    for name in shown:  # grows by what the objects refer to
        schema = document["components"]["schemas"][name]
        required = schema.get("required", ())
        rows = [
            (
                f"`{member}`",
                _shape(one),
                "" if member in required else "may be missing",
                linked(one.get("description", "")),
            )
            for member, one in schema.get("properties", {}).items()
        ]
        shown += [other for other in _names(schema) if other not in shown]
        parts += [
            f"### {name} {{#{name}}}",
            schema.get("description", ""),
            table(("member", "type", "", "evidence"), rows),
        ]
    return paragraphs(*parts)


def _shape(schema: Mapping[str, Any]) -> str:
    """Return a type in words in which each name of an object leads to it."""
    return re.sub(r"`(\w+)`", r"[`\1`](#\1)", _schema(schema)) if _names(schema) else _schema(schema)


def _names(schema: Any) -> list[str]:
    """Return the objects that a schema refers to, in their order."""
    return list(dict.fromkeys(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(schema))))


# Faults


def faults() -> str:
    plan = inspect.signature(Faults.plan).parameters
    return paragraphs(
        "# Faults, in short",
        "[The guide](../faults.md) says what each does and to whom. Planned by `mockspaces.faults.plan(...)` or "
        "`POST /_mock/faults`; `fail`, `reject` and `delay` of the fixture are short for the commonest.",
        table(
            ("word", "type"),
            [(f"`{name}`", f"`{_annotation(one)}`") for name, one in plan.items() if name != "self"],
        ),
        "## Faults of connections",
        _words(TransportFault),
        "## Faults of frames",
        _words(FrameFault),
        "## Refusals",
        "`reject` takes [every code](codes.md) that the matched surface answers.",
    )


def _words(words: Any) -> str:
    return "\n".join(f"* `{word}`" for word in get_args(words))


def misbehaviours() -> str:
    rows = [(f"`{row.name}`", row.does) for row in MISBEHAVIOURS]
    return paragraphs(
        "# Misbehaviours of the identity server",
        'What a careful client checks, got wrong on purpose: `mockspaces.misbehave("id_token.bad_signature", times=1)`, or '
        "`POST /_mock/misbehaviours`. [The guide](../faults.md#an-identity-server-that-misbehaves) has an example.",
        table(("name", "what it does"), rows),
    )


# The client


def python_client() -> str:
    parts = [
        "# The Python client",
        (
            "What the fixture `mockspaces` is, and `Mockspaces(url)` outside of pytest. It needs the standard library only. "
            "[The guide](../pytest.md) shows it at work."
        ),
    ]
    for kind, title in (
        (Mockspaces, "Mockspaces"),
        (Clock, "Clock: `mockspaces.clock`"),
        (Journal, "Journal: `mockspaces.journal`"),
        (Faults, "Faults: `mockspaces.faults`"),
        (Fault, "Fault"),
        (Aio, "Aio: `mockspaces.aio`"),
    ):
        parts += [f"## {title} {{#{kind.__name__}}}", _prose(kind)]
        for name, member in _members(kind):
            parts += [
                f"### `{kind.__name__}.{name}` {{#{kind.__name__}.{name}}}",
                _signature(name, member),
                _prose(member),
            ]
    parts += ["## What the client answers", "Small and frozen."]
    for name in sorted(client.__all__):
        answered = getattr(client, name)
        if inspect.isclass(answered) and (is_dataclass(answered)) and answered is not Fault:
            rows = [
                (f"`{one.name}`", f"`{getattr(one.type, '__name__', one.type)}`")
                for one in fields(answered)
                if not one.name.startswith("_")
            ]
            parts += [f"### {name} {{#{name}}}", _prose(answered), table(("member", "type"), rows)]
            for method, member in _members(answered):
                parts += [f"#### `{name}.{method}`", _signature(method, member), _prose(member)]
    return paragraphs(*parts)


def _members(kind: type) -> Iterator[tuple[str, Any]]:
    """Return the public methods and properties of a class, those of its bases too, in their order."""
    found = {name: member for base in reversed(kind.__mro__[:-1]) for name, member in vars(base).items()}
    for name, member in found.items():
        shown = callable(member) or isinstance(member, (property, classmethod))
        if shown and not name.startswith("_") and not inspect.isclass(member):
            yield name, member


def _signature(name: str, member: Any) -> str:
    if isinstance(member, property):
        return ""
    signature = inspect.signature(member.__func__ if isinstance(member, classmethod) else member)
    shown = [one for one in signature.parameters.values() if one.name not in ("self", "cls")]
    keywords = any(one.kind is inspect.Parameter.KEYWORD_ONLY for one in shown)
    lines = []
    for one in shown:
        if one.kind is inspect.Parameter.KEYWORD_ONLY and "    *," not in lines and keywords:
            lines.append("    *,")
        stars = "*" if one.kind is inspect.Parameter.VAR_POSITIONAL else ""
        lines.append(f"    {stars}{one.name}: {_annotation(one)}{_preset(one)},")
    back = signature.return_annotation
    answer = f" -> {getattr(back, '__name__', None) or back}" if back is not inspect.Signature.empty else ""
    start = "async def" if inspect.iscoroutinefunction(member) else "def"
    inside = "\n" + "\n".join(lines) + "\n" if lines else ""
    return f"```text\n{start} {name}({inside}){answer}\n```"


def _preset(parameter: inspect.Parameter) -> str:
    """Return the default of a parameter; one that may be left out and never is None has that of the server."""
    if parameter.default is inspect.Parameter.empty:
        return ""
    left_out = parameter.default is None and "None" not in _annotation(parameter)
    return " = ..." if left_out and parameter.annotation is not Any else f" = {parameter.default!r}"


NAMED = {  # closed words that are long: their names say it
    words: name
    for name in ("Code", "Scope", "Route", "EndpointId", "Event", "Method", "Misbehaviour", "Surface", "Role")
    if (words := getattr(client, name))
}


def _annotation(parameter: inspect.Parameter) -> str:
    """Return a type as a person would write it."""
    shown = inspect.formatannotation(parameter.annotation)
    for words, name in NAMED.items():
        shown = shown.replace(inspect.formatannotation(words), name)
    shown = re.sub(
        r"\b(?:mockspaces\.[a-z_.]+|collections\.abc|typing|datetime|pathlib)\.(?=[A-Z]|date|time)", "", shown
    )
    shown = re.sub(r"Optional\[(Literal\[[^\]]*\]|\w+)\]", r"\1 | None", shown)
    return re.sub(r"Literal\[[^\]]{200,}\]", "str", shown)


def _prose(thing: Any) -> str:
    """Return a docstring, its double backticks single as Markdown has them."""
    return _marked(inspect.getdoc(thing) or "")


def _marked(text: str) -> str:
    """Return text of the code as a page has it."""
    return linked(text.replace("``", "`"))


# Behaviours


def behaviours(area: str) -> str:
    rows = [one for one in catalogue().values() if one.area == area]
    title = "Open questions" if area == "unknown" else f"Behaviours: {area}"
    parts = [
        f"# {title}",
        (
            "Every numbered statement about the wire with its evidence and the contract tests that show it. "
            "[What the letters and labels mean](../bibliography.md); [how many are confirmed](../fidelity.md)."
        ),
    ]
    for row in rows:
        parts += [f"## {row.id} {{#{row.id}}}", *(_statement(row) if row.kind == "behaviour" else _probe(row))]
    return paragraphs(*parts)


def _statement(row: Behaviour) -> Iterator[str]:
    yield f"*{row.part}*: {linked(_safe(row.statement))}" if row.part else linked(_safe(row.statement))
    yield f"Evidence: {evidence(row.evidence) or 'that of the endpoint'}."
    yield _shown_by(row)


def _probe(row: Behaviour) -> Iterator[str]:
    yield f"Assumed for now: {linked(_safe(row.statement))}"
    yield f"To find out, send: {linked(_safe(row.evidence))}"


def _safe(text: str) -> str:
    """Return text in which nothing outside of code reads as HTML."""
    pieces = text.split("`")
    return "`".join(piece if number % 2 else piece.replace("<", "&lt;") for number, piece in enumerate(pieces))


def _shown_by(row: Behaviour) -> str:
    if row.untested:
        return f"No test from outside: {row.untested}."
    places = fidelity.index().get(row.id, [])
    return f"Shown by {', '.join(f'`{place}`' for place in places)}." if places else ""


SEEDS = re.compile(r"\bseeds? (\d{3}(?:, \d{3})*)")
SEEN_IN = re.compile(r"(?<![\w-])(?:C|client:) [^;(]+")  # what a client was seen to do, up to the next source
CLIENTS = re.compile(r"\b(?:load|sample|add-in|browser|java|python|android|oauth|bot|bridge)\b", re.IGNORECASE)


def evidence(text: str) -> str:
    """Return an evidence column in which each seed and each client leads to the bibliography."""
    seeds = SEEDS.sub(lambda found: ", ".join(map(_seed, found[1].split(", "))), _safe(text))
    return linked(SEEN_IN.sub(lambda found: CLIENTS.sub(_client, found[0]), seeds))


def _seed(number: str) -> str:
    return f"[seed {number}](../bibliography.md#seed-{number})"


def _client(label: re.Match[str]) -> str:
    return f"[{label[0]}](../bibliography.md#client-{label[0].lower()})"


_PAGES: dict[str, Callable[[], str]] = {
    "command-line": command_line,
    "environment": environment,
    "settings": settings,
    "control": control,
    "client": python_client,
    "calls": calls,
    "scopes": scopes,
    "codes": codes,
    "events": socket_events,
    "limits": limits,
    "faults": faults,
    "misbehaviours": misbehaviours,
    **{f"behaviours-{area}": partial(behaviours, area) for area in AREAS},
}
NAMES = {f"{FOLDER}/{name}.md": write for name, write in _PAGES.items()}
