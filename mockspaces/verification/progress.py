"""How far a run is: a line that is written over on a terminal, a line a minute elsewhere."""

import re
import sys
import time

import click

from mockspaces.verification.runs import Run

PLEASE = "PLEASE "  # begins what the suite asks of a person at a browser
OUTCOMES = {"PASSED": "passed", "SKIPPED": "skipped", "FAILED": "differ", "ERROR": "errors"}
TEST_ENDS = re.compile(rf"\b({'|'.join(OUTCOMES)})\b.*\[\s*(\d+)/(\d+)\]\s*$")
MINUTE_S = 60


class Terminal:
    """Tells of one run, from the lines that pytest writes about its tests."""

    def __init__(self, name: str, *, quiet: bool = False, shares: int = 1) -> None:
        self._name = name
        self._shares = shares  # so many processes have the tests among them
        self.quiet = quiet  # while another run has the line
        self._counts = dict.fromkeys(OUTCOMES.values(), 0)
        self._started = self._told = time.monotonic()
        self._first = 0.0  # when the first test ended: what comes before it says nothing about the rest
        self._live = sys.stderr.isatty()

    def line(self, text: str) -> None:
        """Take a line of pytest's output in."""
        now = time.monotonic()
        if text.startswith(PLEASE):
            self._say(f"at your browser, please {text.removeprefix(PLEASE)}\n")
        ends = TEST_ENDS.search(text)
        if ends is None:
            return
        self._counts[OUTCOMES[ends[1]]] += 1
        self._first = self._first or now
        done, total = sum(self._counts.values()), int(ends[3]) * self._shares
        left = (now - self._first) / max(done - 1, 1) * (total - done)
        if not self.quiet and (self._live or now - self._told >= MINUTE_S):
            self._told = now
            told = f"{self._name}: {done} of {total} tests, {self._summary(now)}, about {_long(left)} left"
            self._say(told if self._live else f"{told}\n")

    def finish(self, run: Run) -> None:
        """Close the line, name the slowest test, and what was noticed on the way."""
        slowest = max(run.tests, key=lambda record: record.seconds, default=None)
        end = f"; slowest {slowest.test} ({slowest.seconds:.1f} s)" if slowest else ""
        self._say(f"{self._name}: {self._summary(time.monotonic())}{end}\n")
        for remark in [*run.remarks, *filter(None, [run.ended])]:
            click.echo(f"mockspaces: {remark}", err=True)

    def _summary(self, now: float) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in self._counts.items() if count)
        return f"{counts or 'starting'}, {_long(now - self._started)}"

    def _say(self, text: str) -> None:
        click.echo(f"\r\x1b[2K{text}" if self._live else text, nl=False, err=True)


def _long(seconds: float) -> str:
    return f"{seconds / MINUTE_S:.0f} min" if seconds >= 2 * MINUTE_S else f"{seconds:.0f} s"
