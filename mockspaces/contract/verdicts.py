"""What verifications of real services found, behaviour by behaviour; empty until somebody has run one."""

from importlib import resources
from pathlib import Path
from typing import Literal

import msgspec

FILE = "verdicts.json"


Verdict = Literal["confirmed", "partly", "contradicted", "otherwise", "not tried", "uncited", "invisible"]


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last verdict about one behaviour: what it was, the day (ISO, UTC), and the target that it is about."""

    verdict: Verdict
    date: str
    target: str


def path() -> Path:
    """Return the file that verdicts are kept in."""
    return Path(str(resources.files("mockspaces.contract").joinpath(FILE)))


def in_checkout() -> bool:
    """Whether that file is the one of the repository, not a copy that the next installation replaces."""
    return (path().parents[2] / "pyproject.toml").is_file()


def verdicts() -> dict[str, Kept]:
    """Return the last verdict of each behaviour that was ever judged."""
    return msgspec.json.decode(path().read_bytes(), type=dict[str, Kept])
