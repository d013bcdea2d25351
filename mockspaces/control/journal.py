"""The journal and the outbox of a world."""

from functools import partial
from typing import Annotated, Literal
from urllib.parse import parse_qsl

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.clock import iso, milliseconds
from mockspaces.cloud.kernel.complaints import refusal
from mockspaces.cloud.kernel.journal import Criteria, Entry, Headers, StatusClass, unpacked
from mockspaces.cloud.kernel.rejection import invalid, not_found
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import Mail
from mockspaces.cloud.worlds import seeds
from mockspaces.contract import errors, nearest
from mockspaces.contract.events import CLIENT_EVENTS, CONNECT_EVENT, DISCONNECT_EVENT, SERVER_EVENTS
from mockspaces.contract.shapes.control import AwaitedJournal, Journal, JournalEntry, JournalMessage, MockMail
from mockspaces.contract.shapes.lists import Data
from mockspaces.control import disclosure, har, vocabulary
from mockspaces.control.call import ControlCall, Handlers
from mockspaces.control.slices import encoded, in_slices

LONGEST_WAIT_S = 60
LONGEST_ID = 15  # digits
DIRECTIONS = ("IN", "OUT")  # what stands in the place of a method for frames of sockets


class Filter(seeds.Strict, frozen=True, kw_only=True):
    """Which entries are meant; an absent member matches everything.

    ``path`` is a path or its beginning, or a pattern with ``*``; ``caller`` as in planned faults; ``status`` a number
    or a class as in ``4xx``; ``since`` an ISO-8601 time of the world's clock; ``after`` an entry's id.
    """

    trace: int | None = None
    surface: str | None = None
    method: str | None = None
    path: str | None = None
    route: str | None = None
    endpoint: str | None = None
    event: str | None = None
    caller: str | None = None
    status: int | StatusClass | None = None
    code: str | None = None
    refused: bool | None = None
    since: str | None = None
    after: int = 0

    def criteria(self, world: World, where: str = "") -> Criteria:
        """Return what the journal compares. Refuses words that no entry can have; ``where`` names this filter."""
        contract = world.contract
        method = self.method.upper() if self.method else None
        events = (*CLIENT_EVENTS, *SERVER_EVENTS, CONNECT_EVENT, DISCONNECT_EVENT)
        vocabulary.check(f"{where}surface", "surface", self.surface, vocabulary.SURFACES)
        vocabulary.check(f"{where}method", "method", method, (*vocabulary.METHODS, *DIRECTIONS))
        vocabulary.check(f"{where}event", "socket event", self.event, events)
        vocabulary.check(f"{where}endpoint", "endpoint", self.endpoint, contract.endpoints)
        vocabulary.check(f"{where}code", "code", self.code, contract.errors)
        endpoint = self.endpoint
        if self.route is not None:
            if endpoint is not None:
                raise invalid(f"{where}route", 'expected "route" or "endpoint", not both')
            endpoint = vocabulary.endpoint_of(contract.endpoints.values(), self.route, f"{where}route")
        try:
            since = 0 if self.since is None else milliseconds(self.since)
        except (ValueError, OverflowError):
            raise invalid(f"{where}since", "expected an ISO-8601 time") from None
        return Criteria(
            trace=self.trace,
            surface=self.surface,
            method=method,
            path=self.path,
            endpoint=endpoint,
            event=self.event,
            caller=self.caller,
            status=self.status,
            code=self.code,
            refused=self.refused,
            since=since,
            after=self.after,
        )


class Query(Filter, frozen=True, kw_only=True):
    """A filter with how many entries are wanted, the newest of them, and in which format."""

    limit: Annotated[int, msgspec.Meta(ge=1)] | None = None
    format: Literal["json", "har"] = "json"


class WaitBody(seeds.Strict, frozen=True, kw_only=True):
    """Wait until ``count`` entries fit ``filter``, at most ``timeout`` seconds of real time."""

    filter: Filter = Filter()
    count: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1
    timeout: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_WAIT_S)] = 5.0


def known_entry(world: World, number: str) -> Entry:
    """Return an entry by its id. Refuses one that is not kept, or never was."""
    known = number.isdecimal() and number.isascii() and len(number) <= LONGEST_ID
    entry = world.journal.get(int(number)) if known else None
    if entry is None:
        raise not_found(errors.ROUTE_NOT_FOUND, "journal entry", number)
    return entry


def shown(world: World, entry: Entry) -> JournalEntry:
    """Return an entry; bodies are shown as text, credentials decoded, secrets hidden."""
    target = entry.target.decode("latin-1")
    query = parse_qsl(target.partition("?")[2], keep_blank_values=True)
    return JournalEntry(
        id=entry.id,
        trace=entry.trace,
        time=iso(entry.time),
        surface=entry.surface,
        method=entry.method,
        path=entry.path,
        endpoint=entry.endpoint,
        event=entry.event,
        caller=entry.caller,
        status=entry.status,
        code=entry.code,
        why=entry.why,
        refused=entry.refused,
        duration_ms=round(entry.duration * 1000, 3),
        connections=[f"{peer[0]}:{peer[1]}" for peer in entry.connections if peer],
        target=disclosure.text(target),
        version=entry.version,
        query=[(name, disclosure.parameter(name, value)) for name, value in query],
        credential=disclosure.credential(world, entry),
        request=_message(entry.request, entry.request_bytes, unpacked(entry.head)),
        response=_message(entry.response, entry.response_bytes, entry.headers),
    )


def _message(body: bytes, size: int, headers: Headers) -> JournalMessage:
    lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    return JournalMessage(
        headers=[(name, disclosure.header(name, value)) for name, value in lines],
        bytes=size,
        truncated=size > len(body),
        text=disclosure.text(body.decode("utf-8", "replace")),
    )


async def find(call: ControlCall) -> object:
    """Return the entries that fit the query, oldest first; as HTTP Archive 1.2 with ``format=har``."""
    for name in call.query:
        if name not in Query.__struct_fields__:
            raise invalid(name, f"no such filter{nearest(name, list(Query.__struct_fields__))}")
    try:
        query = msgspec.convert(call.query, Query, strict=False)
    except msgspec.ValidationError as error:
        raise refusal(str(error), Query, whole="query") from None
    found = await call.world.journal.search(query.criteria(call.world), query.limit)
    if query.format == "har":
        return await har.archive(call.exchange.origins, found, partial(shown, call.world))
    dropped, cut = call.world.journal.dropped, call.world.journal.cut
    return Journal(entries=await _entries(call, found), dropped=dropped, cut=cut)


async def _entries(call: ControlCall, found: list[Entry]) -> list[msgspec.Raw]:
    return await in_slices(found, lambda entry: encoded(shown(call.world, entry)))


async def clear(call: ControlCall) -> object:
    """Forget all entries."""
    call.world.journal.clear()
    call.worlds.on_clear()
    return {}


async def wait(call: ControlCall) -> object:
    """Return the entries that fit as soon as there are enough, or what there is in the end."""
    body = await call.decode(WaitBody)
    criteria = body.filter.criteria(call.world, "filter.")
    found = await call.world.journal.wait(criteria, body.count, body.timeout)
    dropped, cut = call.world.journal.dropped, call.world.journal.cut
    complete = len(found) >= body.count
    return AwaitedJournal(entries=await _entries(call, found), dropped=dropped, cut=cut, complete=complete)


async def outbox(call: ControlCall) -> object:
    """Return the invitation e-mails that the real service would have sent."""
    mails = await call.world.state.outbox.all()  # in the order they were sent
    return Data(data=await in_slices(mails, _shown_mail))


def _shown_mail(mail: Mail) -> MockMail:
    return MockMail(
        id=mail.id,
        to=mail.to,
        subject=mail.subject,
        link=mail.link,
        created=iso(mail.created),
        invite_id=mail.invite_id,
        topic_id=mail.space_id,
    )


HANDLERS: Handlers = {
    "CTRL-JOURNAL": Handler(find),
    "CTRL-JOURNAL-CLEAR": Handler(clear),
    "CTRL-JOURNAL-WAIT": Handler(wait, body=WaitBody),
    "CTRL-OUTBOX": Handler(outbox),
}
