"""A world that is begun anew again and again, by resets and restores: who was added to it, and who may be there.

Whatever was there before is gone then, at once and as a whole. One client begins it anew, others add users. A restore
has one more of them, who is in its snapshot; a reset has none.
"""

from collections import Counter
from collections.abc import Sequence

from chaos.history import ACKNOWLEDGED, REFUSED, UNCLEAR, Attempt
from chaos.judge import allowed
from chaos.program import Operation

NAME = "renewed"
PATH = f"/w/{NAME}/_mock"
KEPT = "kept@example.com"  # who is in the snapshot


class Renewal:
    """What clients have tried in that world."""

    def __init__(self) -> None:
        """Begin with the state that a restore leads to."""
        self.added: dict[str, Attempt] = {}
        self.begun: list[tuple[Attempt, bool]] = []  # and whether by a restore
        self._restored = True

    def wrong(self, users: Sequence[str], read: Attempt) -> list[str]:
        """Return what is wrong with the users whom a read has found."""
        found = [f"the user {name} is there {times} times" for name, times in Counter(users).items() if times > 1]
        gone = [one.began for name, one in self.added.items() if name not in users and self._told(one, read)]
        for name, added in self.added.items():
            if name in users:
                if added.outcome == REFUSED or any(self._after(one, added, read) for one, _ in self.begun):
                    found.append(f"the user {name} is there, who was refused or was there before it was begun anew")
                elif added.outcome == ACKNOWLEDGED and added.answered < max(gone, default=0):
                    found.append(f"the user {name} is there, and others are gone who were added later")
            elif self._told(added, read) and not any(self._maybe_after(one, added, read) for one, _ in self.begun):
                found.append(f"the user {name} was acknowledged, is not there, and it was not begun anew since")
        if (there := KEPT in users) not in (may := allowed(self._restored, self.begun, read)):
            found.append(f"of the snapshot is there {there}, not one of {may}")
        return found

    def settle(self, users: Sequence[str], now: int) -> list[str]:
        """Return what is wrong while nothing is under way; what is found has to stay until it is begun anew."""
        found = self.wrong(users, Attempt(Operation(0, 0, "list", 0), 0, now, answered=now))
        for name, added in self.added.items():
            if name in users:
                added.outcome, added.began, added.answered = ACKNOWLEDGED, now, now
            elif added.outcome != UNCLEAR:
                added.outcome = REFUSED  # it must not come back
        self.begun.clear()
        self._restored = KEPT in users
        return [f"{PATH}: {one}" for one in found]

    def _told(self, added: Attempt, read: Attempt) -> bool:
        return added.outcome == ACKNOWLEDGED and added.answered < read.began

    def _after(self, begun: Attempt, added: Attempt, read: Attempt) -> bool:
        """Whether the world was begun anew after somebody was added, and before a read, for sure."""
        return self._told(begun, read) and added.outcome == ACKNOWLEDGED and added.answered < begun.began

    def _maybe_after(self, begun: Attempt, added: Attempt, read: Attempt) -> bool:
        before = begun.outcome == ACKNOWLEDGED and begun.answered < added.began
        return begun.outcome != REFUSED and begun.began < read.answered and not before
