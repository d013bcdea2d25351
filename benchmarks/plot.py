"""The plot: how much of each budget is used, the ratios without a budget, and the peers. Plain SVG."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from benchmarks.peers import Measured
from benchmarks.report import Figure

WIDTH, LEFT, RIGHT, ROW, GAP = 1090, 440, 180, 24, 56
INK, FAINT, GOOD, BAD, PLAIN, OURS = "#222", "#ccc", "#2a9d5c", "#d1453b", "#4c78a8", "#e0803a"
PANELS = (("start", "start, ms"), ("memory", "memory, MB"), ("token", "token, ms"), ("bearer", "bearer call, ms"))


class Axis:
    """A logarithmic axis."""

    def __init__(self, low: float, high: float) -> None:
        """Span from ``low`` to ``high``."""
        self._low, self._high = math.log(low), math.log(high)

    def __call__(self, value: float) -> float:
        """Return where a value is."""
        share = (math.log(value) - self._low) / (self._high - self._low)
        return LEFT + min(max(share, 0), 1) * (WIDTH - LEFT - RIGHT)


def draw(figures: Sequence[Figure], peers: Sequence[Measured], before: Mapping[str, float]) -> str:
    """Return the whole plot."""
    marks: list[str] = []
    bottom = _budgets(marks, [figure for figure in figures if figure.budget], before)
    bottom = _ratios(marks, [figure for figure in figures if not figure.budget and figure.cpu], bottom)
    if peers:
        bottom = _peers(marks, peers, bottom)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom}" width="{WIDTH}" height="{bottom}"'
    style = 'font-family="Helvetica, Arial, sans-serif" font-size="13"'
    return "\n".join(
        [f"{head} {style}>", f'<rect width="{WIDTH}" height="{bottom}" fill="white"/>', *marks, "</svg>\n"]
    )


def _budgets(marks: list[str], figures: Sequence[Figure], before: Mapping[str, float]) -> int:
    """Draw a bar per budget: it ends left of the line where the budget holds."""
    top, axis = 70, Axis(0.05, 2)
    marks += [
        _text(20, 28, "How much of each budget is used", size=18, weight="bold"),
        _text(
            20, 48, "bar: median, whisker: quartiles, ring: last committed result; left of the line is within budget"
        ),
    ]
    end = top + ROW * len(figures)
    for share, label in ((0.1, "10 %"), (0.25, "25 %"), (0.5, "50 %"), (1, "budget"), (2, "200 %")):
        marks += _guide(axis(share), top, end, label, strong=share == 1)
    for number, figure in enumerate(figures):
        middle = top + ROW * number + ROW // 2
        used = figure.used or 0
        ends = sorted(axis(figure.share(value)) for value in figure.spread)
        marks += [
            *_bar(axis(0.05), axis(used), middle, GOOD if figure.holds else BAD),
            *_whisker(ends[0], ends[1], middle),
            _text(LEFT - 10, middle + 4, figure.what, anchor="end"),
            _text(WIDTH - RIGHT + 10, middle + 4, f"{figure.text(figure.measured)} ({figure.bound})"),
        ]
        if last := before.get(figure.what):
            marks.append(
                f'<circle cx="{axis(figure.share(last)):.1f}" cy="{middle}" r="5" fill="none" stroke="{INK}"/>'
            )
    return end + GAP


def _ratios(marks: list[str], figures: Sequence[Figure], top: int) -> int:
    """Draw a bar per ratio that has no budget: at the line it is as fast as its floor."""
    if not figures:
        return top
    axis = Axis(0.05, 2)
    marks.append(_text(20, top, "Ratios without a budget: the floor is 1, more is better", size=18, weight="bold"))
    top += 30
    end = top + ROW * len(figures)
    for ratio in (0.1, 0.25, 0.5, 1, 2):
        marks += _guide(axis(ratio), top, end, "floor" if ratio == 1 else f"{ratio:g}", strong=ratio == 1)
    for number, figure in enumerate(figures):
        middle = top + ROW * number + ROW // 2
        ends = sorted(map(axis, figure.spread))
        marks += [
            *_bar(axis(0.05), axis(figure.measured), middle, PLAIN),
            *_whisker(ends[0], ends[1], middle),
            _text(LEFT - 10, middle + 4, figure.what, anchor="end"),
            _text(WIDTH - RIGHT + 10, middle + 4, figure.text(figure.measured)),
        ]
    return end + GAP


def _peers(marks: list[str], peers: Sequence[Measured], top: int) -> int:
    """Draw four small panels side by side: less is better in each."""
    marks.append(_text(20, top, "Beside other doubles: less is better", size=18, weight="bold"))
    top, width = top + 30, (WIDTH - 180) / len(PANELS)
    for number, peer in enumerate(peers):
        marks.append(_text(160, top + 24 + ROW * number + ROW // 2 + 4, peer.name, anchor="end"))
    for column, (what, label) in enumerate(PANELS):
        left = 175 + column * width
        most = max(filter(None, (getattr(peer, what) for peer in peers)))
        marks.append(_text(left, top + 12, label, weight="bold"))
        for number, peer in enumerate(peers):
            middle, value = top + 24 + ROW * number + ROW // 2, getattr(peer, what)
            length = 0 if value is None else value / most * (width - 65)
            marks += _bar(left, left + length, middle, OURS if number == 0 else PLAIN)
            marks.append(_text(left + length + 5, middle + 4, "-" if value is None else f"{value:.3g}"))
    return top + 24 + ROW * len(peers) + 30


def _bar(left: float, right: float, middle: float, colour: str) -> Iterable[str]:
    width = max(right - left, 1)
    yield f'<rect x="{left:.1f}" y="{middle - 8}" width="{width:.1f}" height="16" rx="2" fill="{colour}"/>'


def _whisker(left: float, right: float, middle: float) -> Iterable[str]:
    ends = f"M{left:.1f} {middle - 4}v8M{right:.1f} {middle - 4}v8"
    yield f'<path d="M{left:.1f} {middle}H{right:.1f}{ends}" stroke="{INK}"/>'


def _guide(x: float, top: float, end: float, label: str, *, strong: bool) -> Iterable[str]:
    colour, width = (INK, 2) if strong else (FAINT, 1)
    yield f'<path d="M{x:.1f} {top - 4}V{end + 4}" stroke="{colour}" stroke-width="{width}"/>'
    yield _text(x, end + 18, label, anchor="middle", size=11)


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 13, weight: str = "normal") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" fill="{INK}"'
    return f"<text {place}>{escape(text)}</text>"
