"""The API as an OpenAPI 3.1 document, made from the contract's rows and the bodies that handlers decode."""

import asyncio
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from mockspaces import __version__
from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.world import Origins
from mockspaces.contract import Contract, accounts, errors, oauth_errors, queries, refusals
from mockspaces.contract.permissions import PUBLIC
from mockspaces.contract.rows import Endpoint, ErrorCode, Kind, Parameter
from mockspaces.contract.samples import all_samples
from mockspaces.contract.shapes import ANSWERS
from mockspaces.contract.shapes.schemas import Schemas
from mockspaces.control.call import ControlCall, Handlers

Object = dict[str, Any]
Documented = Mapping[str, Handler[Any]]
JSON = "application/json"
TITLES = {
    "ACC": "identity server",
    "USERS": "people",
    "SPACES": "spaces",
    "MSG": "messages",
    "FILES": "files",
    "MEET": "meetings",
    "MEDIA": "media sessions",
    "MISC": "everything else of the REST API",
    "STO": "storage: the signed URLs of files",
    "CTRL": "the mock's own control API",
}
SURFACES = {"accounts": "Accounts", "rest": "Rest", "storage": "Storage", "control": "Control"}
PARTIAL, FOUND, NOT_MODIFIED = 206, 302, 304
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
REF = "#/components/schemas/{name}"
XML, HTML, EVENTS = "application/xml", "text/html", "text/event-stream"
TEXT: Object = {"type": "string"}
# Of a stream OpenAPI 3.1 describes one event.
EVENT: Object = {
    "type": "object",
    "properties": {
        "event": {"enum": ["entries", "world", "end"]},
        "data": {"type": "string", "contentMediaType": JSON},
    },
    "required": ["event", "data"],
}
_PARAMETER = re.compile(r"{(\w+)}")


def _header(source: str, *, required: bool = True) -> Object:
    return {"description": source, "required": required, "schema": TEXT}


HEADERS: Mapping[str, Object] = {
    "access-control-allow-origin": _header("REST-CORS-01, ACC-GEN-08"),
    "access-control-expose-headers": _header("REST-CORS-01, ACC-GEN-08"),
    "etag": _header("REST-RES-04"),
    "location": _header("Where to go on."),
    "set-cookie": _header("ACC-SIGNIN-07", required=False),
    "cache-control": _header("ACC-GEN-07"),
    "pragma": _header("ACC-GEN-07"),
    "allow": _header("ACC-GEN-06, ERR-STD-01"),
    "retry-after": _header("LIM-02"),
    "www-authenticate": _header("ACC-ERR-05", required=False),
    "x-content-type-options": _header("STO-GET-02"),
    "content-security-policy": _header("STO-GET-02"),
    "content-disposition": _header("STO-GET-02", required=False),
    "accept-ranges": _header("STO-GET-01"),
    "content-range": _header("STO-GET-01"),
}

# How each kind of credential is sent (rest-common section 4); what is not listed needs none that a header carries.
SCHEMES: dict[Kind, tuple[str, Object]] = {
    "user": ("userJwt", {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`jwt <user JWT>`"}),
    "anon": (
        "anonymousJwt",
        {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`jwt <JWT of an anonymous user>`"},
    ),
    "oauth": ("oauth", {"type": "http", "scheme": "bearer", "description": "OAuth 2 access token"}),
    "svc": (
        "serviceApp",
        {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`service_app <JWT signed by the app>`; the app needs the named scope",
        },
    ),
    "session": ("session", {"type": "apiKey", "in": "cookie", "name": "sessionid"}),
    "client": ("client", {"type": "http", "scheme": "basic", "description": "OAuth client; also in the form"}),
    "url-signature": ("signedUrl", {"type": "apiKey", "in": "query", "name": "signature"}),
}
CONTROL_SCHEME = ("controlToken", {"type": "apiKey", "in": "header", "name": "X-Mock-Token"})


def document(contract: Contract, origins: Origins, handlers: Documented, error_style: str) -> Object:
    """Return the whole document: every call that is emulated, the mock's own included."""
    rows = [row for row in contract.endpoints.values() if row.emulate and row.method != "CONNECT"]
    schemas = Schemas(contract.shapes)
    answers = {name: schemas.of(ANSWERS[name]) for name in dict.fromkeys(row.answer for row in rows if row.answer)}
    answers |= {name: schemas.of(ANSWERS[name]) for name in ("error", "control error", f"{error_style} error")}
    bodies, sent = _bodies(handlers, schemas.parts)
    described = Described(contract, answers, answers[f"{error_style} error"], {})
    paths: Object = {}
    for row in rows:
        path = paths.setdefault(row.path, {})
        server = {"accounts": origins.accounts, "storage": origins.storage}.get(row.surface, origins.rest)
        if server != origins.rest:
            path["servers"] = [{"url": server}]
        path[row.method.lower()] = _operation(described, row, handlers.get(row.id), bodies.get(row.id))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mockspaces",
            "version": __version__,
            "description": "A test double of the Avaya Spaces cloud. Ids like MSG-CHAT name the statements it follows, "
            "letters their evidence: D documented by the vendor, C seen in a client, A assumed by us, M measured.",
        },
        "servers": [{"url": origins.rest}],
        "tags": [
            {"name": name, "description": TITLES.get(name, name)}
            for name in dict.fromkeys(_section(row) for row in rows)
        ],
        "paths": paths,
        "components": {
            "schemas": {**sent, **schemas.parts},
            "responses": described.shared,
            "headers": HEADERS,
            "securitySchemes": dict([*SCHEMES.values(), CONTROL_SCHEME]),
        },
    }


class Described(msgspec.Struct, frozen=True):
    """What operations are described by: the rows in force, and the schemas of answers by name.

    Refusals that many operations share are collected on the way.
    """

    contract: Contract
    answers: Mapping[str, Object]
    oauth_error: Object
    shared: Object


def _bodies(handlers: Documented, taken: Collection[str]) -> tuple[Mapping[str, Object], Object]:
    """Return the schema of each body by endpoint id, and what they refer to; a name that is taken gets a longer one."""
    kinds = {key: handler.body for key, handler in handlers.items() if handler.body is not None}
    found, parts = msgspec.json.schema_components(list(kinds.values()), ref_template=REF)
    text = msgspec.json.encode([found, parts]).decode()
    for name in parts.keys() & taken:
        text = text.replace(f'"{REF.format(name=name)}"', f'"{REF.format(name=name)}Sent"')
    found, parts = msgspec.json.decode(text)
    named = {f"{name}Sent" if name in taken else name: schema for name, schema in parts.items()}
    return dict(zip(kinds, found, strict=True)), named


def _section(row: Endpoint) -> str:
    return row.id.partition("-")[0]


def _operation(described: Described, row: Endpoint, handler: Handler[Any] | None, body: Object | None) -> Object:
    parts = [f"Evidence {row.confidence}; {row.source}."]
    if row.permission != PUBLIC:
        parts.append(f"Permission: {row.permission}.")
    if row.scope:
        parts.append(f"Scope of a service app: {row.scope}.")
    if row.act_as_scope:
        parts.append(f"With {queries.ACT_AS.name}: {row.act_as_scope}.")
    if row.aliases:
        parts.append(f"Also at {', '.join(row.aliases)}.")
    security: list[Object] = [{}, {CONTROL_SCHEME[0]: []}]
    if row.surface != "control":
        scopes = [scope for scope in (row.scope,) if scope]
        security = [{SCHEMES[kind][0]: scopes if kind == "svc" else []} for kind in row.auth if kind in SCHEMES]
    operation: Object = {
        "operationId": row.id,
        "tags": [_section(row)],
        "summary": handler.summary if handler else "",
        "description": " ".join(parts),
        "parameters": _parameters(described.contract, row),
        "responses": _responses(described, row),
        "security": security,
    }
    if body is not None:
        wanted = handler is not None and _has_to_come(row, handler.body)
        operation["requestBody"] = {"content": {JSON: {"schema": body}}, "required": wanted}
    elif row.id in queries.FORMS:
        operation["requestBody"] = _form(described.contract, row)
    elif row.method == "PUT" and row.surface == "storage":
        operation["requestBody"] = {"content": {"*/*": {}}, "required": True}
    return operation


def _has_to_come(row: Endpoint, body: Any) -> bool:
    """Whether there is no call without a body: it has a member that must come, or is one of the control API."""
    members = msgspec.structs.fields(body) if isinstance(body, type) and issubclass(body, msgspec.Struct) else ()
    return row.surface == "control" or any(member.required for member in members)


def _parameters(contract: Contract, row: Endpoint) -> list[Object]:
    found: list[Object] = []
    for name in _PARAMETER.findall(row.path):
        schema = {"type": "string", "enum": row.words[name]} if name in row.words else TEXT
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    for place, parameters in (("query", queries.ROWS.get(row.id, ())), ("header", queries.headers(row))):
        for one in parameters:
            shown: Object = {"name": one.name, "in": place, "schema": _schema(contract, row, one)}
            shown |= {"description": f"{one.source} ({one.confidence})", "required": one.required}
            found.append(shown)
    return found


def _schema(contract: Contract, row: Endpoint, parameter: Parameter) -> Object:
    """Return the schema of a parameter; the bounds of a page size are facts of their own."""
    known: Object = {
        "type": parameter.type,
        "default": parameter.default,
        "minimum": parameter.minimum,
        "maxLength": parameter.most,
        "enum": list(parameter.words) or None,
        "pattern": parameter.pattern or None,
    }
    if parameter.name == "size":
        known |= {"default": row.page_size, "maximum": contract.limits.page_size_max}
    return {keyword: value for keyword, value in known.items() if value is not None}


def _form(contract: Contract, row: Endpoint) -> Object:
    """Return the body of a form."""
    fields = queries.FORMS.get(row.id, ())
    schema: Object = {
        "type": "object",
        "properties": {one.name: _schema(contract, row, one) for one in fields},
        "required": [one.name for one in fields if one.required],
    }
    return {"content": {kind: {"schema": schema} for kind in (URLENCODED, MULTIPART)}, "required": True}


def _responses(described: Described, row: Endpoint) -> Object:
    shown: Object = {str(status): _done(described, row, status) for status in row.statuses}
    if row.surface == "rest" and row.method == "GET":
        shown["304"] = {"description": "The client has it already.", **_headers(row, NOT_MODIFIED)}
    shared = dict(_by_status(described.contract, refusals.of_surface(row.surface)))
    for status, rows in sorted(_by_status(described.contract, refusals.of(row))):
        if rows == shared.get(status):
            name = f"{SURFACES[row.surface]}{'' if row.refusals == 'object' else 'Page'}{status}"
            described.shared.setdefault(name, _refused(described, row, rows))
            shown[status] = {"$ref": f"#/components/responses/{name}"}
        else:
            shown[status] = _refused(described, row, rows)
    return shown


def _by_status(contract: Contract, keys: Iterable[str]) -> Iterable[tuple[str, list[ErrorCode]]]:
    """Return refusals by their status, each once."""
    found: dict[str, list[ErrorCode]] = {}
    for key in dict.fromkeys(keys):
        found.setdefault(str(contract.errors[key].status), []).append(contract.errors[key])
    return found.items()


def _refused(described: Described, row: Endpoint, rows: Sequence[ErrorCode]) -> Object:
    """Return the description of the refusals that have one status."""
    answer: Object = {"description": "; ".join(dict.fromkeys(one.code for one in rows))}
    keys = {one.id for one in rows}
    if row.surface == "storage":
        answer["content"] = {XML: {"schema": TEXT}}
    elif row.surface == "accounts":
        objects = {JSON: {"schema": described.oauth_error}} if keys - refusals.PAGES else {}
        pages = {HTML: {"schema": TEXT}}
        found = pages if row.refusals != "object" else {**objects, **(pages if keys & refusals.PAGES else {})}
        answer["content"] = found
    else:
        error = described.answers["error" if row.surface == "rest" else "control error"]
        told = {} if row.surface == "rest" else {"why": "..."}
        examples = {one.code: {"value": {"code": one.code, "message": one.text("..."), **told}} for one in rows}
        answer["content"] = {JSON: {"schema": error, "examples": examples}}
    return answer | _headers(row, rows[0].status, keys)


def _done(described: Described, row: Endpoint, status: int) -> Object:
    """Return the description of an answer to a call that is not refused."""
    answer: Object = {"description": "Go on there." if status == FOUND else "Done.", **_headers(row, status)}
    if status == FOUND:
        return answer
    example = all_samples().get(row.id)
    if row.answer:
        shown = {} if example is None else {"example": example}
        answer["content"] = {JSON: {"schema": described.answers[row.answer], **shown}}
    elif row.media_type:
        answer["content"] = {row.media_type: {"schema": EVENT if row.media_type == EVENTS else TEXT}}
    return answer


def _headers(row: Endpoint, status: int, refused: Collection[str] = ()) -> Object:
    """Return the headers of an answer, or of refusals that have one status, beside those of any HTTP answer."""
    storage, file = row.surface == "storage", row.surface == "storage" and row.method == "GET"
    unkept = row.refusals == "object" and row.surface == "accounts" and not refusals.PAGES.intersection(refused)
    kinds = (
        (row.surface != "control", ("access-control-allow-origin", "access-control-expose-headers")),
        (row.surface == "rest" and row.method == "GET" and not refused, ("etag",)),
        (status == FOUND, ("location",)),
        (row.id in accounts.COOKIES and not refused, ("set-cookie",)),
        (unkept if refused else row.no_store, ("cache-control", "pragma")),
        (errors.METHOD_NOT_ALLOWED in refused, ("allow",)),
        (errors.RATE_LIMITED in refused, ("retry-after",)),
        (oauth_errors.INVALID_CLIENT in refused, ("www-authenticate",)),
        (storage, ("x-content-type-options", "content-security-policy")),
        (file and not refused, ("accept-ranges", "content-disposition")),
        (status == PARTIAL or errors.STORAGE_RANGE in refused, ("content-range",)),
    )
    found = {name: {"$ref": f"#/components/headers/{name}"} for holds, names in kinds if holds for name in names}
    return {"headers": found} if found else {}


def described(call: ControlCall) -> Object:
    """Return the document of the world that is called."""
    world = call.world
    return document(world.contract, call.origins, call.documented, world.settings.accounts_error_style)


async def openapi(call: ControlCall) -> object:
    """Return the API document of this world, overlays included."""
    return await asyncio.to_thread(described, call)  # it takes longer than others should wait


HANDLERS: Handlers = {
    "CTRL-OPENAPI": Handler(openapi),
}
