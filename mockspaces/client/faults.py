"""What is planned to go wrong in a world."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mockspaces.client.connection import Control


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
    """What is planned to go wrong. ``match`` is route, surface, endpoint, method, path, event, caller.

    ``planned`` tells whether this client has planned anything, a misbehaviour included.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self.planned = False

    def plan(self, *, times: int | None = None, probability: float = 1, match: Any = None, **action: Any) -> Fault:
        """Plan one: ``status`` with ``body`` and ``headers``, ``reject``, ``delay``, ``transport`` or ``frame``."""
        body = {"match": match or {}, "action": action, "times": times, "probability": probability}
        made = self._control.call("POST", "/faults", body)
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
