"""One call on its way: it may leave its transaction to wait and run again, and what it took stays its own."""

from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.run import Fault, Occurrence
from mockspaces.cloud.store.transaction import Waits


class Attempt(Waits):
    """What one call has waited for, and the planned fault that it met."""

    # Class attributes, since every call makes one of these and hardly any changes it.
    _asked = False
    _fault: Fault | None = None

    def is_spared(self, world: World) -> bool:
        """Whether no planned fault can happen to this call: none is planned, and it has met none."""
        return self._fault is None and not world.faults

    @property
    def met_fault(self) -> bool:
        """Whether a planned fault happened to this call."""
        return self._fault is not None

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
