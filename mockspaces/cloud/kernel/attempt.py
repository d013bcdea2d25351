"""One call on its way: it may leave its transaction to wait and run again, and what it took stays its own."""

from functools import partial

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

        It is asked for once: it has fired, whatever becomes of the call, and the next run meets the same one. A fault
        whose firing could not be committed has not fired: another call may have met it, in another process.
        """
        fault = self._fault
        if not self._asked and world.faults and (fault := world.faults.due(occurrence)) is not None:
            world.transactions.at_commit(partial(self._meet, fault))
            world.transactions.keep()
        self._asked = self._asked or fault is None
        if fault is not None:
            self.pause(fault.action.seconds)
        return fault

    def _meet(self, fault: Fault) -> None:
        self._asked, self._fault = True, fault
