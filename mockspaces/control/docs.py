"""What can be called, for people: every call with its evidence, and the lists that calls speak of.

Made from the rows of the contract, in a thread, since it takes longer than others should wait.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from mockspaces.asgi.handlers import Handler
from mockspaces.contract.behaviours import Behaviour, catalogue
from mockspaces.contract.settings import Settings
from mockspaces.control import asyncapi
from mockspaces.control.call import ControlCall, Handlers
from mockspaces.control.frame import framed
from mockspaces.control.openapi import Object, described

_ID = re.compile(r"\b[A-Z]+(?:-[A-Z0-9]+)+-\d+\b")
_NUMBERED = re.compile(r"-\d+$")


async def docs(call: ControlCall) -> object:
    """Show what can be called: calls, socket events, codes, scopes, settings; the page's script searches and tries."""
    return await asyncio.to_thread(_page, call)


def _page(call: ControlCall) -> Response:
    contract, shown = call.world.contract, described(call)
    of_calls: dict[str, list[Behaviour]] = {}
    for one in catalogue().values():
        of_calls.setdefault(_NUMBERED.sub("", one.id), []).append(one)
    shared = {f"#/components/responses/{name}": one for name, one in shown["components"]["responses"].items()}
    sections: dict[str, list[Object]] = {}
    for path, item in shown["paths"].items():
        for method, operation in item.items():
            if method == "servers":
                continue
            answers = {status: shared.get(one.get("$ref", ""), one) for status, one in operation["responses"].items()}
            entry = {"method": method.upper(), "path": path, **operation, "responses": answers}
            entry["statements"] = of_calls.get(operation["operationId"], [])
            sections.setdefault(operation["tags"][0], []).append(entry)
    values = {
        "document": shown,
        "sections": sections,
        "calls": {operation["operationId"] for section in sections.values() for operation in section},
        "as_json": _as_json,
        "events": _events(asyncapi.document(contract, call.origins)),
        "codes": contract.errors.values(),
        "scopes": contract.scopes.values(),
        "oauth_scopes": contract.oauth_scopes.values(),
        "settings": _settings(call.world.settings),
        "statement": lambda source: [found for key in _ID.findall(source) if (found := catalogue().get(key))],
    }
    return framed(call, "docs", "docs.html", values)


def _events(document: Object) -> Sequence[Object]:
    operations, messages = document["operations"], document["components"]["messages"]
    return [{"action": operations[name]["action"], **message} for name, message in messages.items()]


def _settings(settings: Settings) -> Sequence[Mapping[str, Any]]:
    """Return all settings with what they are now, and what they are where nobody has changed them."""
    now, otherwise = msgspec.to_builtins(settings), msgspec.to_builtins(Settings())
    (_,), parts = msgspec.json.schema_components([Settings])
    known = parts["Settings"]["properties"]
    return [
        {"name": name, "now": _as_json(now[name]), "default": _as_json(value), "schema": _compact(known[name])}
        for name, value in otherwise.items()
    ]


def _compact(schema: Object) -> str:
    return msgspec.json.encode({name: value for name, value in schema.items() if name != "default"}).decode()


def _as_json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


HANDLERS: Handlers = {
    "CTRL-DOCS": Handler(docs),
}
