"""Entities that belong to a run of a World and to no snapshot: connections, planned faults, counted calls."""

import math
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

import msgspec

from mockspaces.contract.events import CONNECT_EVENT

LONGEST_DELAY_S = 60
NORMAL_P99 = 2.3263478740408408  # standard deviations that one in a hundred exceeds
ACCOUNTS, SOCKET = "accounts", "realtime"  # surfaces with refusals, or with victims, of their own
OAUTH = "oauth."  # how the ids of the refusals of the identity server begin

Seconds = Annotated[float, msgspec.Meta(ge=0, le=LONGEST_DELAY_S)]
Transport = Literal["truncate", "drop", "reset", "garbage"]
Frame = Literal["close", "duplicate", "swallow"]
Way = Literal["leave", "finish", "cut", "end"]


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """One socket of one person, joined to the chat namespace (RT-AUTH-13).

    ``spaces`` are its subscriptions: space id to subscription id. ``announced`` are the spaces where its client
    said it is online and has not said yet that it leaves, ``unsubscribed`` is the one that it unsubscribed from last.
    ``media`` is the media session that it has in each meeting, by space id. ``number`` counts the connections of the
    world, ``peer`` is where its client is, by which the journal tells connections apart.

    Whatever is said to it can be rendered without its socket, which is one of the process ``worker``: it joined
    ``namespace``, reaches the world at ``base`` and its services at ``names``, its person came as ``label`` with the
    ``grant`` of this id.
    """

    id: str
    person_id: str
    number: int = 0
    spaces: Mapping[str, str] = {}
    announced: tuple[str, ...] = ()
    unsubscribed: str = ""
    media: Mapping[str, str] = {}
    peer: tuple[str, int] | None = None
    worker: str = ""
    namespace: str = ""
    base: str = ""
    names: Mapping[str, str] = {}
    label: str = ""
    grant: str | None = None


class Frames(msgspec.Struct, frozen=True, kw_only=True, tag="frames"):
    """What is sent to some connections: Engine.IO packets without their type, after ``delay`` seconds.

    Rendered by the process that commits, for the connections of all; text and bytes have to stay what they are.
    """

    connections: tuple[str, ...]
    packets: tuple[Any, ...]  # str or bytes each, which msgspec would not tell apart in a union
    delay: float = 0


class Ending(msgspec.Struct, frozen=True, kw_only=True, tag="ending"):
    """How a connection is ended by the cloud, and ``why``, for the journal.

    ``leave`` takes it out of the namespace and keeps its transport, ``finish`` closes the transport after all that
    waits to be sent, ``cut`` breaks it without a word. ``end`` takes nothing more from its client, then it leaves, and
    its transport is closed unless others use it too (RT-AUTH-12).
    """

    connection: str
    how: Way
    why: str = ""


Said = Frames | Ending  # to sockets, whichever process has them


class PhoneCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call over the user channel, by its id, with the ids of everybody who takes part (RT-CALL-03)."""

    id: str
    parties: tuple[str, ...]


class QuotaWindow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Calls counted against one quota of one person or address since ``start`` (seconds of the world's clock)."""

    id: str
    start: float
    calls: int


class Reservation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Room for a file that is on its way: its bytes count as stored while the process ``worker`` reads them."""

    id: str
    size: int
    worker: str = ""


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shape that refuses what it does not know."""


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """What is about to be handled: a request, or a frame of a socket."""

    surface: str
    endpoint: str | None = None
    method: str = ""
    path: str = ""
    event: str | None = None
    caller: str | None = None
    outgoing: bool = False


class Match(Strict, frozen=True, kw_only=True):
    """Which occurrences are meant; an absent member matches everything.

    ``path`` and ``caller`` may hold ``*``; a caller is named as in the journal (``svc <sub>``) or by user name.
    """

    surface: str | None = None
    endpoint: str | None = None
    method: str | None = None
    path: str | None = None
    event: str | None = None
    caller: str | None = None

    def fits(self, occurrence: Occurrence) -> bool:
        """Whether something is meant; what the cloud says to a socket is meant only by its name."""
        if occurrence.outgoing and self.event is None:
            return False
        exact = ("surface", "endpoint", "method", "event")
        if any(getattr(self, name) not in (None, getattr(occurrence, name)) for name in exact):
            return False
        if self.path is not None and not fnmatchcase(occurrence.path, self.path):
            return False
        return self.caller is None or is_caller(self.caller, occurrence.caller)


def is_caller(pattern: str, caller: str | None) -> bool:
    """Whether a caller is meant: by what the journal calls them, or by their name alone; both may hold ``*``."""
    if caller is None:
        return False
    return fnmatchcase(caller, pattern) or fnmatchcase(caller.partition(" ")[2], pattern)


class Spread(Strict, frozen=True, kw_only=True):
    """Delays that vary as those of real services do: half are below ``median``, one in a hundred is above ``p99``."""

    median: Annotated[float, msgspec.Meta(gt=0, le=LONGEST_DELAY_S)]
    p99: Annotated[float, msgspec.Meta(gt=0, le=LONGEST_DELAY_S)]

    def seconds(self, one: float, other: float) -> float:
        """Return the delay that two numbers from 0 to 1 draw (Box and Muller); the distribution is log-normal."""
        normal = math.sqrt(-2 * math.log(1 - one)) * math.cos(math.tau * other)
        return min(round(self.median * math.pow(self.p99 / self.median, normal / NORMAL_P99), 4), LONGEST_DELAY_S)


class Action(Strict, frozen=True, kw_only=True):
    """What happens: a refusal by name, an answer, a delay, or something with the connection or the frame.

    ``transport`` actions let the call take effect and then corrupt its answer: ``truncate`` sends half of the
    body, ``drop`` closes without an answer, ``reset`` aborts the connection, ``garbage`` sends no HTTP.
    ``frame`` actions concern socket events. A ``delay`` is a number of seconds, or drawn anew each time.
    """

    reject: str | None = None
    status: Annotated[int, msgspec.Meta(ge=200, le=599)] | None = None
    body: Any = None
    headers: Mapping[str, str] = {}
    delay: Seconds | Spread = 0
    transport: Transport | None = None
    frame: Frame | None = None

    @property
    def seconds(self) -> float:
        """The delay, 0 while it has not been drawn."""
        return 0 if isinstance(self.delay, Spread) else self.delay

    def possible(self, surface: str, event: str | None = None) -> bool:
        """Whether this can happen on a surface: each knows its own refusals, and only sockets have frames."""
        if self.reject is not None:
            return self.reject.startswith(OAUTH) == (surface == ACCOUNTS)
        if self.frame is not None:
            return surface == SOCKET and event != CONNECT_EVENT
        return surface != SOCKET or (self.status is None and self.transport is None)


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A planned fault; ``fired`` counts how often it happened, ``times`` how often it may."""

    id: str
    match: Match
    action: Action
    times: int | None = None
    probability: float = 1.0
    fired: int = 0

    def concerns(self, occurrence: Occurrence) -> bool:
        """Whether something is meant and can be the victim."""
        return self.action.possible(occurrence.surface, occurrence.event) and self.match.fits(occurrence)

    @property
    def why(self) -> str:
        """What the journal says of a victim."""
        action = self.action
        words = {"reject": action.reject, "status": action.status, "transport": action.transport, "frame": action.frame}
        chosen = [f"{name} {value}" for name, value in words.items() if value is not None]
        if action.seconds:
            chosen.append(f"delay {action.seconds:g} s")
        return f"planned fault {self.id}: {', '.join(chosen)}"

    @property
    def spent(self) -> bool:
        """Whether it has happened as often as it may."""
        return self.times is not None and self.fired >= self.times


class Misbehaviour(msgspec.Struct, frozen=True, kw_only=True):
    """A misbehaviour of the identity server that was asked for; ``fired`` and ``times`` as for a fault."""

    name: str
    times: int | None = None
    fired: int = 0

    @property
    def id(self) -> str:
        """The name: each is asked for once."""
        return self.name
