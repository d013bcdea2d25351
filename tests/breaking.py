"""Every call breaks at each of its changes in turn before it is carried out, and must leave nothing each time.

With ``--break-everywhere`` the contract suite runs so on the embedded mock. A call is carried out over and over: the
first time it breaks at its first change, then at its second, and so on, until it comes to its end; that run is the
real one, whose answer the test judges. Whatever a broken run had left would stand in the world, in what the sockets
are told, or in the answer of the real run.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from types import FunctionType
from typing import Any, TypeVar

import pytest

from mockspaces.accounts.surface import AccountsSurface
from mockspaces.app import App
from mockspaces.asgi.exchange import Exchange
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.store.collection import Collection
from mockspaces.cloud.store.transaction import Log, MustWait, Store, Transactions
from mockspaces.contract import control, endpoints, web
from mockspaces.control.surface import ControlSurface
from mockspaces.realtime.chat import HANDLERS
from mockspaces.rest.surface import RestSurface
from mockspaces.storage.surface import StorageSurface

Result = TypeVar("Result")
EACH = 12  # so many changes each break; of a call with hundreds of them some of the later ones do
FURTHER = 1.5
LARGE = 100_000  # bytes of a body from which on a call is only carried out: it is tested for the time that it takes


class Broken(RuntimeError):
    """A bug at a change."""


def moments() -> Iterator[int]:
    """Return before which change a run breaks: each of the first ones, then ever fewer."""
    yield from range(EACH)
    later = EACH
    while True:
        yield later
        later = int(later * FURTHER)


class Breaking:
    """Breaks the calls of an application, and remembers which of them broke and came to their end then."""

    def __init__(self, patch: pytest.MonkeyPatch, app: App) -> None:
        """Break every call from now on."""
        self.broken: Counter[str] = Counter()  # by endpoint or event: how often calls broke that succeeded then
        self.left: list[str] = []  # what broken runs have left behind
        self.kept: set[tuple[str, str]] = set()  # by endpoint or event: in which stores a refusal kept something
        self._app = app
        self._until: dict[Log, int] = {}  # how many changes are left until a run breaks
        note = Log.note

        def breaking_note(log: Log, store: Store, key: str, old: Any, new: Any) -> None:
            left = self._until.get(log)
            if left == 0:
                raise Broken(f"{store.name} {key}")
            if left is not None:
                self._until[log] = left - 1
            note(log, store, key, old, new)

        async def carry_out(
            turns: Transactions, call: Callable[[], Awaitable[Result]], begin_again: Callable[[], None] | None = None
        ) -> Result:
            while True:
                try:
                    return await self._run(turns, call)
                except MustWait as leave:
                    await leave.wait()
                if begin_again is not None:
                    begin_again()

        patch.setattr(Log, "note", breaking_note)
        patch.setattr(Transactions, "carry_out", carry_out)

    async def _run(self, turns: Transactions, call: Callable[[], Awaitable[Result]]) -> Result:
        name, large = name_of(call), body_of(call) > LARGE
        for runs, moment in enumerate(moments()):
            before: dict[str, object] = {}
            try:
                async with turns:
                    log, before = turns.log, self._content(turns)
                    self._until = {} if large else {log: moment}
                    try:
                        result = await call()
                    finally:
                        self._until = {}
                    self.broken[name] += runs
                    return result
            except Rejection:
                self.kept |= {(name, one) for one in self._changed(turns, before)}
                raise
            except Broken as bug:
                self.left += [f"{name} broke at {bug} and left {one}" for one in self._changed(turns, before)]
        raise AssertionError("a call has no end")

    def _changed(self, turns: Transactions, before: Mapping[str, object]) -> list[str]:
        after = self._content(turns)
        return [name for name in before if before[name] != after[name]]

    def _content(self, turns: Transactions) -> dict[str, object]:
        """Return all that is true of a world, and all that its sockets will be told."""
        worlds = [hosted.world for hosted in self._app.worlds if hosted.world.transactions is turns]
        found: dict[str, object] = {}
        for world in worlds:
            for name, store in world.state.stores.items():
                found[name] = store.content() if isinstance(store, Collection) else store.value
            found["journal"] = len(world.journal)
            if "realtime" in vars(self._app):
                found["sockets"] = [
                    (one.id, one.ended, one.transport.queue.qsize(), len(one.transport._delayed), one.transport.aborted)
                    for hub, _listener in self._app.realtime._hubs._hubs.values()
                    if hub.world is world
                    for one in hub.sessions.values()
                ]
        return found


def known_to(call: object) -> dict[str, Any]:
    """Return what the closure of a call holds."""
    assert isinstance(call, FunctionType)
    cells = zip(call.__code__.co_freevars, call.__closure__ or (), strict=True)
    return {name: cell.cell_contents for name, cell in cells}


def name_of(call: object) -> str:
    """Return the endpoint or the event of a call."""
    known = known_to(call)
    for holder in (known.get("exchange"), known.get("call")):
        endpoint = getattr(holder, "endpoint", None)
        if endpoint is not None:
            return str(getattr(endpoint, "id", endpoint))
    name = str(known.get("name", getattr(call, "__name__", "")))
    return f"refusal of {name}" if "rejection" in known else name


def body_of(call: object) -> int:
    """Return how many bytes the body of a call has."""
    exchange = known_to(call).get("exchange")
    return len(exchange._body or b"") if isinstance(exchange, Exchange) else 0


def uncovered(broken: Mapping[str, int]) -> list[str]:
    """Return the endpoints and events that are carried out in transactions and of which no call came to its end."""
    bound = {**RestSurface.handlers, **AccountsSurface.handlers, **ControlSurface.handlers}
    rows = [row for row in (*endpoints.ROWS, *control.ROWS) if row.id in bound or row.surface == StorageSurface.name]
    wanted = [row.id for row in (*rows, *web.ROWS) if row.transaction == "own"]
    return [name for name in (*wanted, *HANDLERS, "connect", "leave") if name not in broken]


# What a refusal may keep, by store, and the only endpoint where it may if there is one; see test_kept.
KEPT = {"faults": None, "quotas": None, "grants": "ACC-TOKEN"}


def wrongly_kept(kept: Iterable[tuple[str, str]]) -> list[str]:
    """Return what refusals kept and had not to keep."""
    return sorted(
        f"a refusal of {name} kept {store}" for name, store in kept if KEPT.get(store, "nowhere") not in (None, name)
    )
