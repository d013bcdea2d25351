"""The one way in which a request fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from mockspaces.contract import errors


class Rejection(Exception):
    """A refused request.

    ``code`` is the id of an error row, which gives wire code, status and message. ``why`` tells a client
    developer in plain words what was wrong; it goes to the journal and never onto the wire. ``detail``
    fills the message of rows that have a place for it (validation names the first bad member).
    """

    def __init__(self, code: str, why: str, *, detail: str = "") -> None:
        """Refuse with the error row ``code`` because of ``why``."""
        super().__init__(why)
        self.code = code
        self.why = why
        self.detail = detail


def invalid(member: str, problem: str) -> Rejection:
    """Return the refusal of a request whose ``member`` is bad (`request.invalid`)."""
    text = f"{member}: {problem}" if member else problem
    return Rejection(errors.REQUEST_INVALID, text, detail=text)


@contextmanager
def located(place: str) -> Iterator[None]:
    """Say in a refusal which part of a document it is about."""
    try:
        yield
    except Rejection as rejection:
        why = f"{place}.{rejection.why}" if rejection.code == errors.REQUEST_INVALID else f"{place}: {rejection.why}"
        raise Rejection(rejection.code, why, detail=why) from None


def not_found(code: str, what: str, key: str) -> Rejection:
    """Return the refusal of an unknown or malformed id."""
    return Rejection(code, f'there is no {what} "{key}"', detail=key)


def refuse(code: str, why: str) -> NoReturn:
    """Raise a `Rejection`; reads well behind a guard clause."""
    raise Rejection(code, why)
