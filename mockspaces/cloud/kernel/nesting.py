"""What JSON may hold: how deep, how many arrays and objects, and which characters (REST-REQ-07, REST-REQ-08)."""

import json
import re
from typing import Any

HALF = "half of a surrogate pair"
_OTHERS = bytes(set(range(256)) - set(b'"{['))
_SURROGATE = re.compile("[\ud800-\udfff]")


def deeper_than(value: Any, limit: int) -> bool:
    """Whether arrays and objects nest more than ``limit`` levels; needs no recursion."""
    level = [value]
    for _ in range(limit + 1):
        containers = [item for item in level if isinstance(item, dict | list)]
        if not containers:
            return False
        level = [inner for item in containers for inner in (item.values() if isinstance(item, dict) else item)]
    return True


def containers(text: bytes, enough: int) -> int:
    """Return how many arrays and objects a JSON text has, counted before any is made; exact up to ``enough``."""
    count = text.count(b"{") + text.count(b"[")
    if count > enough:  # some of these may stand in strings
        # A loop over a million strings would hold up everybody. So first all goes that is neither quote nor bracket,
        # then each two quotes side by side, which changes nothing of what is between which: so many quotes as are then
        # split away have more than enough brackets outside of them.
        marks = text.replace(rb"\\", b"").replace(rb"\"", b"").translate(None, _OTHERS).replace(b'""', b"")
        count = sum(map(len, marks.split(b'"', 2 * enough + 2)[::2]))
    return count


def mended(text: bytes) -> tuple[Any, list[str | int]] | None:
    """Return a JSON value in which every half of a surrogate pair is U+FFFD, and where the first one was.

    None if there is none, or if the text is no JSON for another reason too. No encoding can carry such a half,
    and a path through objects and arrays is what names it to its sender.
    """
    if rb"\u" not in text:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    places: list[list[str | int]] = []

    def mend(item: Any, place: list[str | int]) -> Any:
        if isinstance(item, str):
            whole = _SURROGATE.sub("\ufffd", item)
            if whole != item:
                places.append(place)
            return whole
        if isinstance(item, dict):
            return {mend(name, place): mend(inner, [*place, mend(name, place)]) for name, inner in item.items()}
        return [mend(inner, [*place, number]) for number, inner in enumerate(item)] if isinstance(item, list) else item

    try:
        whole = mend(value, [])
    except RecursionError:
        return None
    return (whole, places[0]) if places else None


def path(place: list[str | int]) -> str:
    """Return a place inside of a JSON value as people write it: ``content.data[0].name``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")
