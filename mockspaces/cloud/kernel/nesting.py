"""What JSON may hold: how deep it nests, and how many arrays and objects there are (REST-REQ-07)."""

import re
from typing import Any

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_HALF = re.compile(
    rb"(?<!\\)(?:\\\\)*(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)


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
    """Return how many arrays and objects a JSON text has, counted before any is made; exact beyond ``enough``."""
    count = text.count(b"{") + text.count(b"[")
    if count > enough:  # some of these may stand in strings
        text = _STRING.sub(b"", text)
        count = text.count(b"{") + text.count(b"[")
    return count


def half_a_character(text: bytes) -> str:
    """Return the escape of a surrogate that stands alone, "" if there is none: no encoding can carry it."""
    found = _HALF.search(text)
    return found[0].decode("ascii").lstrip("\\").join(("\\", "")) if found else ""
