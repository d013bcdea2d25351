"""Where the time of one authenticated GET goes: samples of a server under load, by the module that was at work.

A sample is taken whenever the server has computed for a while, so that other work on the machine moves nothing. It
counts for the innermost of our functions on the stack: what that one calls of other libraries is its own time. Where
none is, the server library, the event loop and the kernel are at work, as they are for a bare route.

Run as a program, this is the server: it takes the samples, and prints them when it is asked to end.
"""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import FrameType
from typing import NamedTuple

from benchmarks import load
from benchmarks.effort import Effort
from benchmarks.load import Target
from benchmarks.processes import run
from benchmarks.report import aligned
from benchmarks.rest import ME, USER
from mockspaces import Config, Server
from mockspaces.client import Mockspaces

EVERY_S = 0.001
OURS = "mockspaces."
BENEATH = "below: uvicorn, httptools, uvloop, the kernel"
SHOWN = 0.01  # what takes less is summed up
HEAD = ("at work", "share", "µs", "what it does")


class Step(NamedTuple):
    """What one module takes of a call: its share, and microseconds of processor time."""

    name: str
    share: float
    microseconds: float

    @property
    def about(self) -> str:
        """What the module does, in the words of its own first line."""
        known = self.name.startswith(OURS)
        return (import_module(self.name).__doc__ or "").partition("\n")[0] if known else ""

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table."""
        return self.name.removeprefix(OURS), f"{self.share:.1%}", f"{self.microseconds:.1f}", self.about


def measured(effort: Effort) -> list[Step]:
    """Return the steps of GET /users/me with a bearer token, the longest first."""
    command = (sys.executable, "-m", "benchmarks.steps")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
    assert process.stdout
    try:
        url = process.stdout.readline().split()[1]
        with Mockspaces(url) as mock:
            headers = f"Authorization: Bearer {mock.token(USER)}"
        target = Target(url, process.pid, [load.get(f"{url}{ME}", headers)])
        run(load.rate(target, effort.seconds))  # what is loaded and remembered once is no step of a call
        process.send_signal(signal.SIGUSR1)
        each = run(load.rate(target, effort.profile)).cpu * 1e6
        process.terminate()
        samples: dict[str, int] = json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    return steps(samples, each)


def steps(samples: Mapping[str, int], microseconds: float) -> list[Step]:
    """Return the steps of a call of so many microseconds, the longest first; the short ones are one."""
    total = sum(samples.values())
    shares = {name: count / total for name, count in sorted(samples.items(), key=lambda one: -one[1])}
    long = [Step(name, share, share * microseconds) for name, share in shares.items() if share >= SHOWN]
    rest = 1 - sum(step.share for step in long)
    small = f"{len(shares) - len(long)} modules of less than {SHOWN:.0%}"
    return [*long, Step(small, rest, rest * microseconds)] if len(long) < len(shares) else long


def table(found: Sequence[Step]) -> str:
    """Return the steps as text."""
    return aligned([HEAD, *(step.row() for step in found)])


def module(frame: FrameType | None) -> str:
    """Return the module of the innermost frame that is ours."""
    while frame is not None:
        name = str(frame.f_globals.get("__name__"))
        if name.startswith(OURS) and name != Server.__module__:  # `Server.run` is below everything
            return name
        frame = frame.f_back
    return BENEATH


def main() -> None:
    """Serve on any port; take samples from SIGUSR1 on, and print them after SIGTERM."""
    samples: Counter[str] = Counter()
    server = Server(Config(port=0))
    signal.signal(signal.SIGPROF, lambda _number, frame: samples.update([module(frame)]))
    signal.signal(signal.SIGUSR1, lambda *_: signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S))
    server.run(lambda: print(f"ready {server.url}", flush=True))
    signal.setitimer(signal.ITIMER_PROF, 0)
    print(json.dumps(samples))


if __name__ == "__main__":
    main()
