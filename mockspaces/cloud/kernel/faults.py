"""Planned faults: what a test wants to go wrong, and the proof that it did.

The plan knows no transport. A surface asks whether a fault is due and carries it out in its own way.
"""

from collections.abc import Callable

from mockspaces.cloud.store.collection import Collection
from mockspaces.cloud.store.entities import replace
from mockspaces.cloud.store.run import Fault, Occurrence, Spread


class Faults:
    """The fault plan of one world; the first fault that fits and is due happens."""

    def __init__(self, planned: Collection[Fault], draw: Callable[[], float]) -> None:
        """Read and change ``planned``; draw probabilities from ``draw``, a number from 0 to 1."""
        self._planned = planned
        self._draw = draw

    def __bool__(self) -> bool:
        """Whether anything is planned."""
        return len(self._planned) > 0

    def plan(self, fault: Fault) -> Fault:
        """Add a fault to the end of the plan."""
        return self._planned.store(fault)

    def all(self) -> list[Fault]:
        """Return the plan in its order."""
        return self._planned.every()

    def drop(self, fault_id: str) -> Fault | None:
        """Take a fault out of the plan and return it, or None."""
        return self._planned.remove(fault_id)

    def clear(self) -> None:
        """Forget the plan."""
        for fault in self.all():
            self._planned.remove(fault.id)

    def due(self, occurrence: Occurrence) -> Fault | None:
        """Return the fault that happens now and count it, or None; a delay that varies is drawn."""
        for fault in self.all():
            if fault.spent or not fault.concerns(occurrence):
                continue
            if fault.probability >= 1 or self._draw() < fault.probability:
                happening = self._planned.store(replace(fault, fired=fault.fired + 1))
                delay = happening.action.delay
                if isinstance(delay, Spread):
                    drawn = delay.seconds(self._draw(), self._draw())
                    return replace(happening, action=replace(happening.action, delay=drawn))
                return happening
        return None
