"""JSON Schema of the documents that people write by hand."""

from functools import cache
from typing import Any

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.worlds.seeds import Seed
from mockspaces.contract.settings import Settings
from mockspaces.control.call import ControlCall, Handlers

DRAFT = "https://json-schema.org/draft/2020-12/schema"


@cache
def seed_schema() -> dict[str, Any]:
    """Return the JSON Schema of a seed document, settings by name included; an editor completes and checks by it."""
    (schema, settings), parts = msgspec.json.schema_components([Seed, Settings], ref_template="#/$defs/{name}")
    seed = parts.pop(str(schema["$ref"]).rpartition("/")[2])
    properties = {**seed["properties"], "settings": settings}
    return {"$schema": DRAFT, **seed, "title": "mockspaces seed", "properties": properties, "$defs": parts}


async def show_seed_schema(_call: ControlCall) -> object:
    """Return the JSON Schema of a seed document."""
    return seed_schema()


HANDLERS: Handlers = {
    "CTRL-SEED-SCHEMA": Handler(show_seed_schema),
}
