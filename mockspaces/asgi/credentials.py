"""The Authorization header, taken apart the same way on every surface."""

import re
from functools import lru_cache

from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.contract import errors

_CREDENTIAL = re.compile(r"([^\s\"]+) +([^\s\"]+)")


@lru_cache(maxsize=256)  # a client sends the same header over and over
def credential(header: str | None) -> tuple[str, str]:
    """Return scheme and token of an Authorization header (AUTH-HDR-01, -02, -06)."""
    if header is None:
        raise Rejection(errors.CREDENTIAL_MISSING, "the request has no Authorization header")
    match = _CREDENTIAL.fullmatch(header)
    if match is None:
        raise Rejection(errors.CREDENTIAL_MALFORMED, f"Authorization is not <scheme> <token>{_slip(header)}")
    return match[1], match[2]


def _slip(header: str) -> str:
    """Name the likely slip in a malformed Authorization header."""
    if not header:
        return "; it is empty"
    if '"' in header:
        return "; the quotes of the documents are not part of it"
    if ", " in header:
        return "; it was sent twice, or holds two credentials"
    words = len(header.split())
    if "\t" in header:
        return "; scheme and token are parted by blanks, not tabs"
    return f"; it is one word, {header[:20]!r} ..." if words == 1 else f"; it has {words} words"
