"""Events of clients: what is done with each, how its refusal is told, and how its payload is read (RT-EP-08)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.realtime.hub import Payload, Session

Act = Callable[[Session, Payload], Awaitable[None]]
Refuse = Callable[[Session, Payload, Rejection], Awaitable[None]]


async def silently(_session: Session, _payload: Payload, _rejection: Rejection) -> None:
    """Say nothing: the journal alone knows why."""


class Handling(msgspec.Struct, frozen=True):
    """What is done with an event, and how its refusal is told."""

    act: Act
    refuse: Refuse = silently


Handlers = Mapping[str, Handling]  # by the name of the event


def code(session: Session, rejection: Rejection) -> str:
    """Return the code of a refusal as the wire has it."""
    return session.hub.world.contract.errors[rejection.code].code


def objects(value: Any) -> Payload:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """Return a JSON string, or an empty one for anything else."""
    return value if isinstance(value, str) else ""


def topic(payload: Payload) -> str:
    """Return the space that an event names, at its top or in its content (RT-PRES-08)."""
    return text(payload.get("topicId")) or text(objects(payload.get("content")).get("topicId"))


def category(payload: Payload) -> str:
    """Return the category of an event. Refuses one that is missing."""
    found = text(payload.get("category"))
    if not found:
        raise invalid("category", "required")
    return found


def receivers(payload: Payload) -> list[str]:
    """Return the ids of the receivers, each once; none means everybody (RT-PRES-05)."""
    given = payload.get("receivers")
    found = [text(objects(one).get("_id")) for one in given] if isinstance(given, list) else []
    return [one for one in dict.fromkeys(found) if one]


def given(payload: Payload, name: str) -> Any:
    """Return a member as it was sent; null counts as missing."""
    value = payload.get(name)
    return UNSET if value is None else value
