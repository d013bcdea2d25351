"""What a measurement found."""

import statistics
from collections.abc import Sequence

import msgspec

from benchmarks.load import CONNECTIONS, Rate


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the report: repeated measurements of one thing, and the budget they must keep, if there is one.

    A ratio has no unit; ``more`` says whether more than the budget is good. ``cpu`` holds the same ratios by the
    processor time of the servers, which other work on the machine disturbs less than the time on the wall.
    """

    what: str
    samples: tuple[float, ...]
    budget: float | None = None
    unit: str = ""
    more: bool = False
    cpu: tuple[float, ...] = ()
    note: str = ""

    @property
    def measured(self) -> float:
        """The median."""
        return statistics.median(self.samples)

    @property
    def spread(self) -> tuple[float, float]:
        """The quartiles, or what there is when there are too few measurements for them."""
        if len(self.samples) < 4:
            return min(self.samples), max(self.samples)
        low, _, high = statistics.quantiles(self.samples, n=4, method="inclusive")
        return low, high

    @property
    def cpu_measured(self) -> float | None:
        """The median by processor time, if it was measured."""
        return statistics.median(self.cpu) if self.cpu else None

    @property
    def holds(self) -> bool | None:
        """Whether the budget is kept; None where there is none."""
        if self.budget is None:
            return None
        return self.measured >= self.budget if self.more else self.measured <= self.budget

    @property
    def used(self) -> float | None:
        """How much of the budget is used: 1 is all of it."""
        return None if self.budget is None else self.share(self.measured)

    def share(self, value: float) -> float:
        """Return how much of the budget a value uses."""
        assert self.budget
        return self.budget / value if self.more else value / self.budget

    def text(self, value: float) -> str:
        """Return a value with its unit."""
        return f"{value:.3g}{f' {self.unit}' if self.unit else ''}" if value < 1000 else f"{value:,.0f} {self.unit}"

    @property
    def bound(self) -> str:
        """The budget in words."""
        if self.budget is None:
            return ""
        return f"{'≥' if self.more else '≤'} {self.budget:g}{f' {self.unit}' if self.unit else ''}"

    @property
    def verdict(self) -> str:
        """What is to be said about the budget."""
        return {None: "", True: "holds", False: "MISSED"}[self.holds]

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table."""
        low, high = self.spread
        cpu = "" if self.cpu_measured is None else f"{self.cpu_measured:.3g}"
        return self.what, self.bound, self.text(self.measured), f"{low:.3g}-{high:.3g}", cpu, self.verdict, self.note


HEAD = ("what", "budget", "median", "quartiles", "by CPU", "verdict", "note")


def table(figures: Sequence[Figure]) -> str:
    """Return all figures as text."""
    return aligned([HEAD, *(figure.row() for figure in figures)])


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as text, each column as wide as its longest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def ratios(values: Sequence[float], floors: Sequence[float]) -> tuple[float, ...]:
    """Return the ratios of measurements that were taken in turn."""
    return tuple(value / floor for value, floor in zip(values, floors, strict=True))


def beside(
    what: str,
    rates: Sequence[Sequence[Rate]],
    *,
    budget: float | None = None,
    connections: int = CONNECTIONS,
    note: str = "",
) -> Figure:
    """Return how the rates of the mock, which come first, stand to those of a floor, and how much work an answer is."""
    mock, floor = rates
    mock_rate, floor_rate = (statistics.median(rate.answers for rate in rates) for rates in (mock, floor))
    mock_cpu, floor_cpu = (statistics.median(rate.cpu for rate in rates) * 1e6 for rates in (mock, floor))
    facts = f"floor {floor_rate:,.0f}/s ({floor_cpu:.0f} µs CPU), mock {mock_rate:,.0f}/s ({mock_cpu:.0f} µs CPU)"
    return Figure(
        what=what,
        samples=ratios([rate.answers for rate in mock], [rate.answers for rate in floor]),
        cpu=ratios([rate.cpu for rate in floor], [rate.cpu for rate in mock]),
        budget=budget,
        more=True,
        note=", ".join(filter(None, [facts, f"c={connections}", note])),
    )
