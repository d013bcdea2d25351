"""Parameters of a query or form: read once, trimmed, and refused where they contradict themselves (ACC-GEN-03..05)."""

from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl

from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.contract import oauth_errors
from mockspaces.contract.accounts import Accounts

BLANKS = " \t"
# `state` alone goes back as the bytes that came, whatever they are; anything else must be text.
OPAQUE = frozenset({"state"})


class Parameters:
    """The values of known parameters; an empty one counts as absent, except ``state`` (ACC-AUTHZ-06)."""

    def __init__(
        self, pairs: Sequence[tuple[str, str]], known: Iterable[str], words: Accounts, *, repeats: bool = False
    ) -> None:
        """Keep what is known; the rest is ignored. Blanks around a value go, except where it counts as sent.

        ``empty`` says whether nothing came at all. With ``repeats`` an equal value counts once.
        """
        values: dict[str, str] = {}
        problems: dict[str, str] = {}
        self._values, self._problems = values, problems
        self.empty = not pairs
        wanted, as_sent = frozenset(known), words.as_sent
        for name, value in pairs:
            if name not in wanted:
                continue
            taken = value if name in as_sent else value.strip(BLANKS)
            if name in values and not (repeats and values[name] == taken):
                problems[name] = "given twice"
            values[name] = taken
            if not value.isascii() and name not in OPAQUE:
                try:
                    value.encode()
                except UnicodeEncodeError:
                    problems[name] = "not UTF-8"

    def __getitem__(self, name: str) -> str | None:
        """Return a value, None where it is absent or empty."""
        return self._values.get(name) or None

    @property
    def state(self) -> str | None:
        """``state`` as it was sent, also empty; None where it is absent or ambiguous."""
        return None if "state" in self._problems else self._values.get("state")

    def refuse_problems(self, *names: str) -> None:
        """Refuse values that were repeated or are no text: those of the named parameters, or of all."""
        for name, problem in self._problems.items():
            if not names or name in names:
                raise bad(name, problem)

    def required(self, name: str) -> str:
        """Return a value. Refuses its absence."""
        value = self[name]
        if value is None:
            raise bad(name, "required")
        return value


def bad(name: str, problem: str) -> Rejection:
    """Return the refusal of a parameter."""
    text = f"{name}: {problem}"
    return Rejection(oauth_errors.INVALID_REQUEST, text, detail=text)


def pairs_of(query: bytes) -> list[tuple[str, str]]:
    """Decode a query; bytes that are no UTF-8 survive, so that ``state`` can go back unchanged."""
    return parse_qsl(query.decode("utf-8", "surrogateescape"), keep_blank_values=True, errors="surrogateescape")
