"""The objects of the wire as typed Structs, one module per noun; rows name answers by a word of this registry."""

from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any

import msgspec

from mockspaces.contract.shapes import (
    accounts,
    control,
    events,
    files,
    lists,
    messages,
    people,
    refusals,
    service,
    spaces,
)

MODULES: tuple[ModuleType, ...] = (accounts, events, files, lists, messages, people, refusals, service, spaces)
OF_MOCK = control.ANSWERS  # whose words are the mock's own: no overlay changes them
ANSWERS: Mapping[str, Any] = OF_MOCK | {
    name: kind for module in MODULES for name, kind in getattr(module, "ANSWERS", {}).items()
}

PAYLOADS: Mapping[str, Any] = events.PAYLOADS


@cache
def by_name() -> Mapping[str, type[msgspec.Struct]]:
    """Return every shape by its name, as overlays write it."""
    return {
        name: found
        for module in MODULES
        for name, found in vars(module).items()
        if isinstance(found, type) and issubclass(found, msgspec.Struct) and found.__module__ == module.__name__
    }
