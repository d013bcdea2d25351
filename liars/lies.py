"""Every lie, by what it is about."""

from collections.abc import Sequence

from liars.answers import answers
from liars.credentials import credentials
from liars.frames import frames
from liars.lie import Lie
from liars.rights import rights

TRUTH = Lie("the truth", "", on=r"\w+ /api/.*")


def every_lie() -> Sequence[Lie]:
    """Return every lie, fresh: what one remembers is forgotten."""
    return [*credentials(), *rights(), *answers(), *frames()]
