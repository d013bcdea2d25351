"""What a mutant is: one wrong fact, and the behaviours whose tests may catch it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """A wrong cloud: contract rows replaced by an overlay, or a rule in code replaced by name.

    ``breaks`` are behaviour ids, or beginnings of ids: only a test that cites one of them may kill it. ``first`` is the
    file of a test that probably does, and is tried before all others.
    """

    id: str
    breaks: tuple[str, ...]
    overlay: Mapping[str, Any] = field(default_factory=dict)
    rule: str = ""
    first: str = ""
