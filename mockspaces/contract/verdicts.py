"""What verifications and recorded traffic of real services have shown, behaviour by behaviour; empty until somebody did."""

from pathlib import Path
from typing import Literal

import msgspec

FILE = "verdicts.json"
TRAFFIC_FILE = "traffic.json"


Verdict = Literal["confirmed", "partly", "contradicted", "otherwise", "not tried", "uncited", "invisible"]


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last verdict about one behaviour: what it was, the day (ISO, UTC), and the target that it is about."""

    verdict: Verdict
    date: str
    target: str


Sight = Literal["confirmed by traffic", "contradicted by traffic", "shown in part"]


class Shown(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What recorded traffic has shown of a behaviour: the day and host, how often, and the first entry that did."""

    verdict: Sight
    date: str
    host: str
    count: int
    entry: int


def path(name: str = FILE) -> Path:
    """Return the file that verdicts of verifications, or of traffic, are kept in."""
    return Path(__file__).with_name(name)


def in_checkout() -> bool:
    """Whether that file is the one of the repository, not a copy that the next installation replaces."""
    return (path().parents[2] / "pyproject.toml").is_file()


def verdicts() -> dict[str, Kept]:
    """Return the last verdict of each behaviour that was ever judged."""
    return msgspec.json.decode(path().read_bytes(), type=dict[str, Kept])


def shown() -> dict[str, Shown]:
    """Return the last verdict of each behaviour that recorded traffic has shown something of."""
    return msgspec.json.decode(path(TRAFFIC_FILE).read_bytes(), type=dict[str, Shown])
