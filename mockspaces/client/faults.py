"""What is planned to go wrong in a world."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mockspaces.client.connection import Control
from mockspaces.client.named import RouteMatch, given
from mockspaces.client.waiting import seconds
from mockspaces.client.words import Code, FrameFault, TransportFault


@dataclass(frozen=True)
class Spread:
    """Delays as those of a real service: half are below ``median`` seconds, one in a hundred is above ``p99``."""

    median: float
    p99: float


@dataclass(frozen=True)
class Fault:
    """A planned fault; ``fired`` proves that it happened."""

    id: str
    match: dict[str, Any]
    action: dict[str, Any]
    times: int | None
    probability: float
    _control: Control = field(repr=False, compare=False)

    @property
    def fired(self) -> int:
        """How often it has happened by now."""
        planned = self._control.call("GET", "/faults")["data"]
        return next((int(fault["fired"]) for fault in planned if fault["id"] == self.id), 0)

    def drop(self) -> None:
        """Take it out of the plan."""
        self._control.call("DELETE", f"/faults/{self.id}")


class Faults:
    """What is planned to go wrong.

    ``planned`` tells whether this client has planned anything, a misbehaviour included.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self.planned = False

    def plan(
        self,
        *,
        match: RouteMatch | None = None,
        reject: Code | None = None,
        status: int | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        delay: float | timedelta | Spread | None = None,
        transport: TransportFault | None = None,
        frame: FrameFault | None = None,
        times: int | None = None,
        probability: float = 1,
    ) -> Fault:
        """Plan one: a refusal by its code, an answer of your own, a delay, or something with connection or frame.

        ``match`` is a dict of route, surface, endpoint, method, path, event and caller; without it anything is meant.
        """
        lasting = vars(delay) if isinstance(delay, Spread) else seconds(delay)
        words = {"reject": reject, "status": status, "body": body, "headers": headers or None, "delay": lasting}
        action = given({**words, "transport": transport, "frame": frame})
        wanted = {"match": given(match or {}), "action": action, "times": times, "probability": probability}
        made = self._control.call("POST", "/faults", wanted)
        made.pop("fired")
        self.planned = True
        return Fault(**made, _control=self._control)

    def clear(self) -> None:
        """Forget the plan."""
        self._control.call("DELETE", "/faults")

    def unfired(self) -> list[Fault]:
        """Return what was planned and has never happened."""
        return [fault for fault, fired in self._all() if not fired]

    def _all(self) -> Iterator[tuple[Fault, int]]:
        for planned in self._control.call("GET", "/faults")["data"]:
            fired = planned.pop("fired")
            yield Fault(**planned, _control=self._control), fired

    def __iter__(self) -> Iterator[Fault]:
        return (fault for fault, _fired in self._all())
