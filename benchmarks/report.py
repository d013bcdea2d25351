"""What a measurement found, and how it is printed."""

import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the budget. A ratio has no unit; ``more`` says whether more than the budget is good."""

    what: str
    measured: float
    budget: float
    unit: str = ""
    more: bool = False
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the budget is kept."""
        return self.measured >= self.budget if self.more else self.measured <= self.budget

    def row(self) -> tuple[str, str, str, str, str]:
        """Return the cells of the table."""
        sign = "≥" if self.more else "≤"
        unit = f" {self.unit}" if self.unit else ""
        verdict = "holds" if self.holds else "MISSED"
        return self.what, f"{sign} {self.budget:g}{unit}", f"{self.measured:.3g}{unit}", verdict, self.note


HEAD = ("what", "budget", "measured", "", "")


def table(figures: Sequence[Figure]) -> str:
    """Return all figures as text."""
    rows = [HEAD, *(figure.row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def document(figures: Sequence[Figure]) -> dict[str, Any]:
    """Return all figures as what a result file holds."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "figures": [msgspec.to_builtins(figure) | {"holds": figure.holds} for figure in figures],
    }


def ratio(values: Sequence[float], floors: Sequence[float]) -> float:
    """Return the median ratio of measurements that were taken in turn."""
    return statistics.median(value / floor for value, floor in zip(values, floors, strict=True))
