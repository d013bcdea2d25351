"""The journal and the outbox of a world."""

from typing import Annotated, Any

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.complaints import refusal
from mockspaces.cloud.kernel.journal import Criteria, Entry
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.worlds import seeds
from mockspaces.contract import nearest
from mockspaces.control.call import ControlCall, Handlers

LONGEST_WAIT_S = 60


class WaitBody(seeds.Strict, frozen=True, kw_only=True):
    """Wait until ``count`` entries fit ``filter``, at most ``timeout`` seconds of real time."""

    filter: Criteria = Criteria()
    count: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1
    timeout: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_WAIT_S)] = 5.0


def shown(entry: Entry) -> dict[str, Any]:
    """Return an entry; bodies are shown as text."""
    return {
        "id": entry.id,
        "trace": entry.trace,
        "time": iso(entry.time),
        "surface": entry.surface,
        "method": entry.method,
        "path": entry.path,
        "endpoint": entry.endpoint,
        "event": entry.event,
        "caller": entry.caller,
        "status": entry.status,
        "code": entry.code,
        "why": entry.why,
        "request": {"bytes": entry.request_bytes, "text": entry.request.decode("utf-8", "replace")},
        "response": {"bytes": entry.response_bytes, "text": entry.response.decode("utf-8", "replace")},
    }


async def find(call: ControlCall) -> object:
    """Return the entries that fit the query, oldest first."""
    query = dict(call.query)
    limit = query.pop("limit", None)
    known = [*Criteria.__struct_fields__, "limit"]
    for name in query:
        if name not in known:
            raise invalid(name, f"no such filter{nearest(name, known)}")
    try:
        criteria = msgspec.convert(query, Criteria, strict=False)
        most = None if limit is None else msgspec.convert(limit, Annotated[int, msgspec.Meta(ge=1)], strict=False)
    except msgspec.ValidationError as error:
        raise refusal(str(error), Criteria, whole="limit") from None
    return _answer(call, call.world.journal.find(criteria, most))


def _answer(call: ControlCall, entries: list[Entry]) -> dict[str, Any]:
    journal = call.world.journal
    return {"entries": [shown(entry) for entry in entries], "dropped": journal.dropped, "cut": journal.cut}


async def clear(call: ControlCall) -> object:
    """Forget all entries."""
    call.world.journal.clear()
    return {}


async def wait(call: ControlCall) -> object:
    """Return the entries that fit as soon as there are enough, or what there is in the end."""
    body = await call.decode(WaitBody)
    found = await call.world.journal.wait(body.filter, body.count, body.timeout)
    return _answer(call, found) | {"complete": len(found) >= body.count}


async def outbox(call: ControlCall) -> object:
    """Return the invitation e-mails that the real service would have sent."""
    mails = await call.world.state.outbox.all()  # in the order they were sent
    return {
        "data": [
            {
                "_id": mail.id,
                "to": mail.to,
                "subject": mail.subject,
                "link": mail.link,
                "created": iso(mail.created),
                "inviteId": mail.invite_id,
                "topicId": mail.space_id,
            }
            for mail in mails
        ]
    }


HANDLERS: Handlers = {
    "CTRL-JOURNAL": Handler(find),
    "CTRL-JOURNAL-CLEAR": Handler(clear),
    "CTRL-JOURNAL-WAIT": Handler(wait, body=WaitBody),
    "CTRL-OUTBOX": Handler(outbox),
}
