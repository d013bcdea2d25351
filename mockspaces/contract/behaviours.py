"""The behaviour catalogue: every numbered statement about the wire, loadable by id."""

import json
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec


class Behaviour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One statement with its evidence (D documented, C seen in a client, A assumed, M measured by us).

    ``kind`` is ``probe`` for an open question; its ``statement`` then names the assumption in force and
    its ``evidence`` what to send to find out. ``untested`` says why no black-box test can cite it. One that speaks of a
    ``refusal`` is not confirmed before something was refused.
    """

    id: str
    kind: Literal["behaviour", "probe"]
    area: str
    part: str
    statement: str
    evidence: str
    untested: str = ""
    refusal: bool = False


@cache
def catalogue() -> dict[str, Behaviour]:
    """Return all behaviours and probes by id, in the order of the catalogue."""
    text = Path(__file__).with_name("behaviours.json").read_text(encoding="utf-8")
    rows = msgspec.convert(json.loads(text), list[Behaviour])
    return {row.id: row for row in rows}
