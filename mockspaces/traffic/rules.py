"""Which exchanges show which statements, beyond the form of members: data, and small tests of one exchange.

A statement stands here only with what it says *whole*. `FORMS` say no more than what their members are; `ANSWERED` no
more than what a call answers. A statement with `RULES` is confirmed when each of its rules was shown. What stands in
none of the three is at most shown in part.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from mockspaces.traffic.exchanges import Exchange

Test = Callable[[Exchange], bool | None]


class Rule(NamedTuple):
    """One thing that a statement says of an exchange.

    The test is True where the exchange shows it, False where it shows the opposite, None where it tells nothing.
    """

    statement: str
    text: str
    test: Test
    calls: frozenset[str] = frozenset()  # ids of rows; none is every exchange


FORMS: frozenset[str] = frozenset({"USERS-ANON-02"})
STATEMENTS_OF_CALLS: Mapping[str, tuple[str, ...]] = {}
RULES: tuple[Rule, ...] = ()
# What `frames` shows of statements about sockets.
SOCKETS: Mapping[str, tuple[str, ...]] = {
    "RT-AUTH-06": ("protocol 3", "protocol 4"),
    "RT-EIO-03": ("open packet of protocol 3",),
    "RT-EIO-11": ("no payload",),
    "RT-WIRE-03": ("unknown namespace",),
}

ANSWERED: dict[str, list[str]] = {}
for _statement, _calls in STATEMENTS_OF_CALLS.items():
    for _call in _calls:
        ANSWERED.setdefault(_call, []).append(_statement)


def applying(exchange: Exchange) -> Iterator[Rule]:
    """Yield the rules that may say something of an exchange."""
    for rule in RULES:
        if not rule.calls or exchange.row in rule.calls:
            yield rule
