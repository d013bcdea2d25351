"""OAuth scopes: from the many spellings of a request to granted names, and back onto the wire (ACC-SCOPE-*)."""

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.contract import nearest, oauth_errors
from mockspaces.contract.rows import OAuthScope


class Requested(msgspec.Struct, frozen=True):
    """What a request asked for: names in the order of the contract, and its own words parted by one blank."""

    names: tuple[str, ...]
    words: str = ""


def parse(world: World, accounts_origin: str, text: str | None) -> Requested:
    """Read a scope parameter: blanks and commas part (ACC-SCOPE-04, -05). Refuses unknown names (ACC-SCOPE-06)."""
    rows = world.contract.oauth_scopes.values()
    words = (text or "").replace(",", " ").split()
    if not words:
        return _default(rows)
    known, of_oidc = _spellings(tuple(rows), accounts_origin), world.contract.accounts.oidc_scope
    if of_oidc in words and of_oidc not in known:
        if not world.settings.accounts_accept_openid:
            why = f'no scope "{of_oidc}"; the setting accounts.accept_openid lets OIDC libraries send it'
            raise Rejection(oauth_errors.INVALID_SCOPE, why)
        words = [word for word in words if word != of_oidc]
    if not words:
        return _default(rows)
    for word in words:
        if word not in known:
            raise Rejection(oauth_errors.INVALID_SCOPE, f'no scope "{word[:80]}"{nearest(word, list(known))}')
    names = {known[word] for word in words}
    return Requested(tuple(row.name for row in rows if row.name in names), " ".join(words))


def _default(rows: Iterable[OAuthScope]) -> Requested:
    return Requested(tuple(row.name for row in rows if row.default))


@lru_cache(maxsize=256)
def _spellings(rows: tuple[OAuthScope, ...], accounts_origin: str) -> dict[str, str]:
    """Return the scope of every spelling, those below the mock's own origin included (ACC-SCOPE-02, -03)."""
    return {
        spelling: row.name
        for row in rows
        for spelling in (*row.spellings, *(f"{accounts_origin}/auth/{path}" for path in row.paths))
    }


def printed(world: World, granted: tuple[str, ...], words: str) -> str:
    """Return the scope member of an answer, in the vendor's words or those of the request (ACC-SCOPE-07, -10)."""
    if world.settings.accounts_scope_style == "echo" and words:
        return words
    rows = world.contract.oauth_scopes.values()
    return " ".join(row.printed for row in rows if row.name in granted and row.printed)
