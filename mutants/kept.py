"""What became of mutants before, kept in a file that is appended to, so that a hunt can be resumed."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mockspaces.contract import Contract
from mutants.events import event_rules
from mutants.handwritten import RULES
from mutants.hunt import ROOT, SUITE, Fate
from mutants.mutant import Mutant

PRODUCT = ROOT / "mockspaces"
SHIPPED = Contract.shipped()
KILLED = "killed"


class Kept:
    """Fates by mutant, and by what they depended on.

    A death holds while the mutant, the module or the rows that it breaks, and the tests that may kill it are as they
    were: what else changes seldom brings it back. Everything else holds only while all code and all tests are so.
    """

    def __init__(self, path: Path, suite: Path = SUITE) -> None:
        """Read what a file has, if there is one; of several fates of a mutant the last one counts."""
        self._path = path
        self._suite = suite
        self._text: Callable[[Path], str] = cache(lambda file: file.read_text(encoding="utf-8"))
        self._sources: Callable[[Path], str] = cache(self._all_sources)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._known: dict[str, dict[str, Any]] = {one["id"]: one for one in _readable(lines)}

    def fate(self, mutant: Mutant) -> Fate | None:
        """Return what became of a mutant before, None if it is unknown or no longer holds."""
        known = self._known.get(mutant.id)
        if known is None or known["of"] != self._of(mutant, known["outcome"]):
            return None
        return Fate(mutant, known["outcome"], known["detail"])

    def keep(self, fate: Fate) -> None:
        """Append a fate; a line that a broken hunt left unfinished harms only itself."""
        line = {
            "id": fate.mutant.id,
            "outcome": fate.outcome,
            "of": self._of(fate.mutant, fate.outcome),
            "detail": fate.detail,
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write("\n" * _unfinished(self._path) + json.dumps(line) + "\n")

    def _of(self, mutant: Mutant, outcome: str) -> str:
        said = json.dumps([mutant.breaks, mutant.overlay, mutant.rule], sort_keys=True)
        if outcome != KILLED:
            return _digest([said, self._sources(PRODUCT), self._sources(self._suite)])
        rules = {**RULES, **event_rules()}
        rule = rules[mutant.rule][0] if mutant.rule in rules else None
        module = ROOT / f"{rule.module.replace('.', '/')}.py" if rule else None
        broken = [repr(rule), self._text(module) if module else "", *_rows(mutant.overlay)]
        return _digest([said, *broken, *self._citing(mutant.breaks)])

    def _all_sources(self, folder: Path) -> str:
        return _digest(self._text(path) for kind in ("*.py", "*.json") for path in sorted(folder.rglob(kind)))

    def _citing(self, beginnings: Iterable[str]) -> list[str]:
        """Return the text of each test file that quotes what is broken, and of what tests are written with."""
        texts = [self._text(path) for path in sorted(self._suite.rglob("*.py"))]
        tests = [text for text in texts if "\ndef test_" in text]
        quoting = [text for text in tests if any(f'"{one}' in text for one in beginnings)]
        return [*(text for text in texts if text not in tests), *quoting]


def _readable(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield what is in the lines; the last one may not have been written to its end."""
    for line in lines:
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def _unfinished(path: Path) -> bool:
    """Whether the last line of a file has no end."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - 1))
        return file.read() not in (b"", b"\n")


def _rows(overlay: Mapping[str, Any]) -> Iterator[str]:
    """Yield the rows and single facts that an overlay replaces, as they are shipped."""
    for table, rows in overlay.items():
        known = getattr(SHIPPED, table)
        for key in rows:
            yield repr(known.get(key) if isinstance(known, dict) else getattr(known, key))


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
