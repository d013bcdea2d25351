"""The socket as an AsyncAPI 3 document, made from the rows of its events and the shapes that they name."""

from typing import Any
from urllib.parse import urlsplit

from mockspaces import __version__
from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.world import Origins
from mockspaces.contract import Contract, events
from mockspaces.contract.rows import SocketEvent
from mockspaces.contract.samples import of_events
from mockspaces.contract.shapes import PAYLOADS
from mockspaces.contract.shapes.schemas import Schemas
from mockspaces.control.call import ControlCall, Handlers

Object = dict[str, Any]
CHANNEL = {"$ref": "#/channels/chat"}
SECURE = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


def document(contract: Contract, origins: Origins) -> Object:
    """Return the whole document; what clients say is received by the described server, the rest it sends."""
    schemas = Schemas(contract.shapes)
    messages = {row.id: _message(row, schemas.of(PAYLOADS[row.payload])) for row in events.ROWS}
    place = urlsplit(origins.socket)
    server = {
        "host": place.netloc,
        "pathname": f"{place.path}{events.ENGINE_PATH}/",
        "protocol": SECURE[place.scheme],
        "description": "Socket.IO over WebSocket; an event is an array of its name and one payload.",
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "mockspaces, socket events",
            "version": __version__,
            "description": "A test double of the Avaya Spaces cloud. Ids like RT-SENT-02 name the statements it "
            "follows, letters their evidence: D documented by the vendor, C seen in a client, A assumed by us.",
        },
        "defaultContentType": "application/json",
        "servers": {"mock": server},
        "channels": {
            "chat": {
                "address": events.CHAT,
                "title": "the namespace of everything",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "bindings": {"ws": {"method": "GET", "query": _query(contract)}},
            }
        },
        "operations": {row.id: _operation(row) for row in events.ROWS},
        "components": {"messages": messages, "schemas": schemas.parts},
    }


def _query(contract: Contract) -> Object:
    """Return what the URL of a connection says."""
    return {
        "type": "object",
        "properties": {
            "EIO": {"type": "string", "enum": ["3", "4"], "description": "version of Engine.IO (RT-EP-03, RT-EP-05)"},
            "transport": {"type": "string", "enum": ["websocket"], "description": "the only one (RT-EP-04)"},
            "token": {"type": "string", "description": "the credential, without a scheme (RT-AUTH-01)"},
            "tokenType": {
                "type": "string",
                "enum": list(contract.sockets.token_types),
                "description": "its kind (RT-AUTH-02, RT-AUTH-03)",
            },
        },
    }


def _message(row: SocketEvent, payload: Object) -> Object:
    sample = of_events().get(row.id)
    return {
        "name": row.id,
        "title": row.id,
        "summary": row.purpose,
        "description": f"Evidence {row.confidence}; {row.source}.",
        "payload": payload,
        **({} if sample is None else {"examples": [{"payload": sample}]}),
    }


def _operation(row: SocketEvent) -> Object:
    operation: Object = {
        "action": "receive" if row.by == "client" else "send",
        "channel": CHANNEL,
        "summary": row.purpose,
        "messages": [_reference(row.id)],
    }
    if row.answers:
        operation["reply"] = {"channel": CHANNEL, "messages": [_reference(name) for name in row.answers]}
    return operation


def _reference(name: str) -> Object:
    return {"$ref": f"#/channels/chat/messages/{name}"}


async def asyncapi(call: ControlCall) -> object:
    """Return the document of the socket events of this world, overlays included."""
    return document(call.world.contract, call.origins)


HANDLERS: Handlers = {
    "CTRL-ASYNCAPI": Handler(asyncapi),
}
