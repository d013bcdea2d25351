"""Whether two answers say the same, but for what each service draws by itself: ids, times and tokens.

What stands in the place of what is learnt while answers are compared: an id of the recording, once paired with one of
the mock, has to be that one ever after.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise, zip_longest
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, unquote_plus

from mockspaces.traffic import forms
from mockspaces.traffic.redaction import JWT, SECRET, TIME

ID = re.compile(r"[0-9a-f]{24}")
LONG = 10**9  # a number of this size is a moment
# What a service draws: ids, UUIDs, tokens, conference numbers. Each is learnt.
DRAWN = re.compile(
    r"(?<![\w-])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,}|\d{6,}|[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"
    r"|[A-Za-z0-9_-]{32,})(?![\w-])"
)
WORDS = re.compile(rf"{TIME.pattern}|[\w-]{{6,}}(?:\.[\w-]{{8,}}\.[\w-]{{8,}})?")
HOST = re.compile(r"\b(?:https?|wss?)://[^/\s\"?#]+")
NAMED = re.compile(r"(?:(?<=#)|^)/w/[^/]+(?=/)")
# What an envelope says of a list as a whole, which is another if something was there before the recording.
OF_LISTS = frozenset({"total", "nextPageUrl", "previousPageUrl", "from", "to"})


class Unlike(NamedTuple):
    """A place where two answers differ, with what each has there."""

    place: str
    recorded: Any
    live: Any


MISSING = object()


class Names:
    """What stands for what: texts of the recording and those of the mock."""

    def __init__(self) -> None:
        """Know nothing."""
        self.known: dict[str, str] = {}
        self.images: set[str] = set()

    def learn(self, recorded: str, live: str) -> None:
        """Note that a text of the mock stands for one of the recording."""
        self.known[recorded] = live
        self.images.add(live)

    def put(self, text: str) -> str:
        """Return a text of the recording as the mock has to be told it."""
        return WORDS.sub(lambda found: self._one(found[0]), text)

    def put_pairs(self, text: str) -> str:
        """Do the same with a query, or a form: what is exchanged is decoded first."""
        return "&".join(map(self._pair, text.split("&")))

    def _pair(self, text: str) -> str:
        name, equals, value = text.partition("=")
        plain = unquote_plus(value)
        put = self.put(plain)
        return text if put == plain else f"{name}{equals}{quote(put, safe='')}"

    def _one(self, word: str) -> str:
        if word in self.known:
            return self.known[word]
        return DRAWN.sub(lambda found: self.known.get(found[0], found[0]), word)

    def unknown(self, text: str) -> set[str]:
        """Return the ids of a text that stand for nothing yet."""
        return {one for one in DRAWN.findall(text) if ID.fullmatch(one) and one not in self.known}


class Comparison:
    """One comparison: what differs, what was learnt by it, and what the recording alone knows."""

    def __init__(self, names: Names) -> None:
        """Learn nothing before `learn`."""
        self._names = names
        self.learnt: dict[str, str] = {}
        self.found: list[Unlike] = []
        self.before = 0  # things that were there before the recording

    def learn(self) -> None:
        """Let what was learnt hold from now on."""
        for recorded, live in self.learnt.items():
            self._names.learn(recorded, live)

    def compare(self, recorded: Any, live: Any, place: str = "", name: str = "") -> None:
        """Compare two values of JSON."""
        match recorded, live:
            case dict(), dict():
                self._objects(recorded, live, place)
            case list(), list():
                self._lists(recorded, live, place)
            case str(), str():
                if not self._same(recorded, live, name):
                    self.found.append(Unlike(place, recorded, live))
            case (bool() | None, _) | (_, bool() | None):
                if recorded is not live:
                    self.found.append(Unlike(place, recorded, live))
            case (int() | float(), int() | float()):
                if recorded != live and min(recorded, live) < LONG:
                    self.found.append(Unlike(place, recorded, live))
            case _:
                self.found.append(Unlike(place, recorded, live))

    def _objects(self, recorded: Mapping[str, Any], live: Mapping[str, Any], place: str) -> None:
        lists = [name for name, value in recorded.items() if isinstance(value, list)]
        before, began = self.before, len(self.found)
        for name in dict.fromkeys((*lists, *recorded, *live)):
            at = f"{place}.{name}" if place else name
            self.compare(recorded.get(name, MISSING), live.get(name, MISSING), at, name)
        if self.before > before:
            self.found[began:] = [one for one in self.found[began:] if one.place.rpartition(".")[2] not in OF_LISTS]

    def _lists(self, recorded: list[Any], live: list[Any], place: str) -> None:
        """Compare lists: of objects with ids, those that are the same are laid side by side first."""
        known = self._names.known | self.learnt
        images = {new: old for old, new in known.items()}
        theirs = {id_of(one): number for number, one in enumerate(live) if id_of(one)}
        paired: dict[int, int] = {}
        for number, one in enumerate(recorded):
            if (image := known.get(id_of(one), "")) in theirs:
                paired[number] = theirs[image]
        rest = [number for number in range(len(live)) if number not in paired.values()]
        unknown = [number for number, one in enumerate(recorded) if number not in paired and id_of(one) not in known]
        fresh = [number for number in rest if id_of(live[number]) not in images]
        paired |= dict(zip(unknown, fresh, strict=False))
        for number, one in enumerate(recorded):
            if number in paired:
                self.compare(one, live[paired[number]], f"{place}[]")
            elif id_of(one) and id_of(one) not in known:
                self.before += 1
            else:
                self.found.append(Unlike(f"{place}[]", one, MISSING))
        for number in sorted({*range(len(live))} - {*paired.values()}):
            self.found.append(Unlike(f"{place}[]", MISSING, live[number]))
        order = [paired[number] for number in sorted(paired)]
        if any(one > other and not is_tied(live[one], live[other]) for one, other in pairwise(order)):
            self.found.append(Unlike(place, "in this order", "in another order"))

    def _same(self, recorded: str, live: str, name: str) -> bool:
        if recorded == live or self._known(recorded) == live:
            return True
        if TIME.fullmatch(recorded) and TIME.fullmatch(live):
            self.learnt[recorded] = live  # whoever edits something sends when it was changed last
            return True
        if name.lower() in SECRET or (JWT.fullmatch(recorded) and JWT.fullmatch(live)):
            self.learnt[recorded] = live
            return True
        recorded, live = unquote(recorded), unquote(live)  # or an id behind %2C would be none
        if mask(recorded) != mask(live):
            return False
        return all(self._pair(old, new) for old, new in zip_longest(DRAWN.findall(recorded), DRAWN.findall(live)))

    def _pair(self, old: str, new: str) -> bool:
        image = self._known(old)
        if image is not None:
            return image == new or not ID.fullmatch(old)  # a signature is drawn anew each time
        if ID.fullmatch(new) and (new in self._names.images or new in self.learnt.values()):
            return False  # it stands for another one
        if old != new:
            self.learnt[old] = new
        return True

    def _known(self, text: str) -> str | None:
        return self.learnt.get(text) or self._names.known.get(text)


def is_tied(one: Any, other: Any) -> bool:
    """Whether two things have a moment in common, so that an id decides which of them comes first."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return False
    return any(
        isinstance(value, str) and TIME.fullmatch(value) and other.get(name) == value for name, value in one.items()
    )


def id_of(value: Any) -> str:
    """Return the id of an object of the wire, "" if it has none."""
    found = (value.get("_id") or value.get("member")) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def mask(text: str) -> str:
    """Return a text without what a service draws, and without where it is."""
    return NAMED.sub("", DRAWN.sub("#", TIME.sub("#", HOST.sub("#", text))))


def drawn(value: Any) -> Iterator[str]:
    """Yield the ids of a value of JSON."""
    match value:
        case dict():
            for one in value.values():
                yield from drawn(one)
        case list():
            for one in value:
                yield from drawn(one)
        case str():
            yield from (one for one in DRAWN.findall(value) if ID.fullmatch(one))


def shown(value: Any, words: frozenset[str]) -> str:
    """Return a value as a report may show it: words of the contract as they are, all others by their form."""
    if value is MISSING:
        return "nothing"
    if isinstance(value, str) and (value in words or value in ("in this order", "in another order")):
        return f'"{value}"' if value in words else value
    return forms.form(value)
