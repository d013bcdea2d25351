"""The searchable list of a company's people: one text, searched in one pass (PAGE-RX-01, USERS-COLL-01).

It is derived from the users and made anew when any user has changed. What was found stays known until then,
so that the next page of a search, or the next letter's way back, costs nothing.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

from mockspaces.cloud.kernel.patterns import LINE, Pattern, fold
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import User

MOST_SEARCHES = 64  # whose finds are kept at a time


def fields(user: User) -> tuple[str, ...]:
    """Return what a search for colleagues looks at: name, every e-mail, phone numbers (USERS-COLL-01)."""
    numbers = (part for phone in user.phone_numbers for part in (phone.value, phone.canonical_form) if part)
    return (user.displayname, *user.emails, *numbers)


class Lines:
    """All fields of all people as one text: a line for each field, an empty one before each person."""

    def __init__(self, people: Sequence[User], change: Callable[[str], str]) -> None:
        """Join the fields; ``change`` is what is done to them."""
        texts: list[bytes] = []
        self._begins = array("Q")
        position = 0
        for user in people:
            self._begins.append(position)
            text = LINE.join(line for field in fields(user) for line in field.splitlines())
            texts.append(f"{LINE}{change(text)}{LINE}".encode())
            position += len(texts[-1])
        self._begins.append(position)
        self.text = b"".join(texts)

    def owners(self, expression: Any) -> Iterator[int]:
        """Yield the number of each person in one of whose lines the expression matches, once."""
        position, end = 0, self._begins[-1]
        while 0 <= (found := self._find(expression, position)) < end:
            number = bisect_right(self._begins, found) - 1
            yield number
            position = self._begins[number + 1]

    def _find(self, expression: Any, start: int) -> int:
        """Return where the expression matches behind ``start``, but not in an empty line; -1 if nowhere."""
        match = expression.search(self.text, start + 1)
        while match and self._begins[bisect_left(self._begins, match.start())] == match.start() < self._begins[-1]:
            match = expression.search(self.text, match.start() + 1)
        return match.start() if match else -1


class Directory:
    """People in their order."""

    def __init__(self, people: Sequence[User], revision: int) -> None:
        """List the people of one state of the users."""
        self.people = people
        self.revision = revision
        self._searches: dict[str, Search] = {}

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.people, str)

    @cached_property
    def _folded(self) -> Lines:
        return Lines(self.people, fold)

    def matching(self, pattern: Pattern | None) -> Iterator[User]:
        """Yield the people who match, in order; it costs no more than it is asked for."""
        if pattern is None:
            return iter(self.people)
        search = self._searches.get(pattern.text)
        if search is None:
            if len(self._searches) >= MOST_SEARCHES:
                self._searches.clear()
            if pattern.over_folded_lines:
                found = (self.people[number] for number in self._folded.owners(pattern.over_folded_lines))
            elif pattern.line_safe:
                found = (self.people[number] for number in self._lines.owners(pattern.over_lines))
            else:
                found = (user for user in self.people if pattern.matches(*fields(user)))
            search = self._searches[pattern.text] = Search(found)
        return iter(search)


class Search:
    """What a search has found so far, and the rest of it."""

    def __init__(self, rest: Iterator[User]) -> None:
        """Begin without having looked."""
        self._found: list[User] = []
        self._rest = rest

    def __iter__(self) -> Iterator[User]:
        """Go through all finds, looking on only where nobody has looked before."""
        number = 0
        while True:
            if number == len(self._found):
                more = next(self._rest, None)
                if more is None:
                    return
                self._found.append(more)
            yield self._found[number]
            number += 1


async def of_company(world: World, company_id: str) -> Directory:
    """Return the directory of a company, ordered by display name, then id (USERS-COLL-05)."""
    kept: dict[str, Directory] = world.state.cache(Directory, dict)
    known, revision = kept.get(company_id), world.state.users.revision
    if known is not None and known.revision == revision:
        return known
    kept[company_id] = made = Directory(await world.state.users.page("company", company_id), revision)
    return made
