"""The searchable list of a company's people: one text, searched in one pass (PAGE-RX-01, USERS-COLL-01).

It is derived from the users and made anew when any user has changed.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from mockspaces.cloud.entities import User
from mockspaces.cloud.patterns import Pattern
from mockspaces.cloud.world import World


def fields(user: User) -> tuple[str, ...]:
    """Return what a search for colleagues looks at: name, every e-mail, phone numbers (USERS-COLL-01)."""
    return (user.displayname, *user.emails, *_numbers(user))


def _numbers(user: User) -> Iterator[str]:
    for phone in user.phone_numbers:
        yield from (str(phone[part]) for part in ("value", "canonicalForm") if phone.get(part))


class Directory:
    """People in their order with all their fields, one to a line."""

    def __init__(self, people: Sequence[User], revision: int) -> None:
        """Join the fields of all people into one text."""
        self.people = people
        self.revision = revision
        self._first_lines = array("L")
        self._owners = array("L")
        lines: list[bytes] = []
        for number, user in enumerate(people):
            self._first_lines.append(len(lines))
            for field in fields(user):
                lines.append(" ".join(field.splitlines()).encode() if "\n" in field else field.encode())
                self._owners.append(number)
        self._text = b"\n".join(lines)
        self._starts = array("L", _starts(lines))

    def matching(self, pattern: Pattern | None) -> Iterator[User]:
        """Yield the people who match, in order; it costs no more than it is asked for."""
        if pattern is None:
            return iter(self.people)
        if pattern.line_safe:
            return self._in_one_pass(pattern)
        return (user for user in self.people if pattern.matches(*fields(user)))

    def _in_one_pass(self, pattern: Pattern) -> Iterator[User]:
        expression, position = pattern.over_lines, 0
        while match := expression.search(self._text, position):
            number = self._owners[bisect_right(self._starts, match.start()) - 1]
            yield self.people[number]
            if number + 1 == len(self.people):
                return
            position = self._starts[self._first_lines[number + 1]]


def _starts(lines: Sequence[bytes]) -> Iterator[int]:
    position = 0
    for line in lines:
        yield position
        position += len(line) + 1


async def of_company(world: World, company_id: str) -> Directory:
    """Return the directory of a company, ordered by display name, then id (USERS-COLL-05)."""
    known, revision = world.state.directories.get(company_id), world.state.users.revision
    if isinstance(known, Directory) and known.revision == revision:
        return known
    made = Directory(await world.state.users.page("company", company_id), revision)
    world.state.directories[company_id] = made
    return made
