"""One call on its way: it may leave its transaction to wait and run again, and what it took stays its own."""

from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.run import Fault, Occurrence
from mockspaces.cloud.store.transaction import Waits


class Attempt(Waits):
    """What one call has waited for, and the planned fault that it met."""

    def __init__(self) -> None:
        """Begin without either."""
        super().__init__()
        self._asked = False
        self._fault: Fault | None = None

    def meet_fault(self, world: World, occurrence: Occurrence) -> Fault | None:
        """Return the planned fault that happens to this call, if any, after the delay that it asks for.

        It is asked for once: it has fired, whatever becomes of the call, and the next run meets the same one.
        """
        if not self._asked and world.faults:
            self._fault = world.faults.due(occurrence)
            if self._fault is not None:
                world.transactions.keep()
        self._asked = True
        if self._fault is not None:
            self.pause(self._fault.action.seconds)
        return self._fault
