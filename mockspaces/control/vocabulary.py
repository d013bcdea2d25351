"""Closed vocabularies that planned faults and filters of the journal share, each checked with the nearest name."""

from collections.abc import Iterable

from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.contract import nearest
from mockspaces.contract.rows import Endpoint

SURFACES = ("accounts", "rest", "storage", "realtime", "web")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
API = "/api"


def check(where: str, what: str, word: str | None, known: Iterable[str]) -> None:
    """Refuse a word that is not known, as the member ``where``; ``what`` says in words what it is."""
    names = list(known)
    if word is not None and word not in names:
        raise invalid(where, f'no {what} "{word}"{nearest(word, names)}')


def endpoint_of(rows: Iterable[Endpoint], route: str, where: str) -> str:
    """Return the id of a call named by its route, as in ``POST /spaces/{spaceId}/chats``. Refuses an unknown one."""
    known = {
        f"{row.method} {path.removeprefix(API)}": row.id
        for row in rows
        if row.surface != "control"
        for path in (row.path, *row.aliases)
    }
    method, _, path = route.partition(" ")
    wanted = f"{method.upper()} {path.removeprefix(API)}"
    if wanted not in known:
        raise invalid(where, f'no route "{route}"{nearest(wanted, [*known])}')
    return known[wanted]
