"""python -m chaos: run seeded programs against a cloud that is disturbed, and tell which of them failed.

What became of each is kept as it comes, so that what was run before, with the same code, is not run again.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import shlex
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

from chaos.faults import FAULTS
from chaos.program import DISTURBANCES, drawn
from chaos.run import LIMIT_S, Run

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "build" / "chaos"
SOURCES = ("chaos", "mockspaces", "fixtures")
# Files are in memory where that is to be had: what is killed here is processes, and no disk is slow then.
FILES = MEMORY if os.access(MEMORY := "/dev/shm", os.W_OK) else None  # noqa: S108 - folders in it have names of their own
INTERRUPTED = 130
SHOWN = 5  # problems of a program
LOOK_S, LONG_S = 0.05, 1.0
Result = dict[str, Any]


def digest() -> str:
    """Return what the code is known by."""
    found = hashlib.sha256()
    for path in sorted(path for folder in SOURCES for path in (ROOT / folder).rglob("*") if path.is_file()):
        if "__pycache__" not in path.parts:
            found.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return found.hexdigest()[:12]


class Results:
    """What became of programs, in a file of lines; those of other code or other options are left alone."""

    def __init__(self, path: Path, options: argparse.Namespace) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._known_by = {
            "code": digest(),
            "log": options.log,
            "workers": options.workers,
            "sync": options.sync,
            "fault": options.fault,
            "operations": options.operations,
            "disturbances": options.disturbances,
        }
        self.known: dict[int, Result] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() and not options.fresh else ():
            one = json.loads(line)
            if {name: one.get(name) for name in self._known_by} == self._known_by:
                self.known[one["seed"]] = one

    def keep(self, result: Result) -> None:
        """Append what became of a program."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**self._known_by, **result}) + "\n")


def command(seed: int, options: argparse.Namespace) -> str:
    """Return how to run one program again."""
    words = [f"--seed {seed} --programs 1 --fresh --log {options.log}"]
    words += [f"--workers {options.workers} --sync {options.sync}"] if options.log == "redis" else []
    words += [f"--operations {options.operations} --disturbances {options.disturbances}"]
    words += [f"--fault {shlex.quote(options.fault)}"] if options.fault else []
    return f"make chaos ARGS={shlex.quote(' '.join(words))}"


async def carried_out(seed: int, options: argparse.Namespace) -> Result:
    """Run a program and return what became of it."""
    program = drawn(seed, options.operations, options.disturbances, options.log, options.workers)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-", dir=FILES, ignore_cleanup_errors=True) as folder:
        run = Run(program, Path(folder), options.log, options.fault, options.sync)
        problems, held = run.history.problems, Held()
        try:
            async with asyncio.timeout(LIMIT_S), held:
                await run.run()
        except Exception as error:  # noqa: BLE001 - of whatever kind, the program has not passed
            problems.append(f"it could not be ended: {told(error)}")
        said = run.said()
    return {
        "seed": seed,
        "verdict": "failed" if problems else "passed",
        "problems": problems[:SHOWN],
        "more": max(0, len(problems) - SHOWN),
        "said": said if problems else [],
        "ended": run.history.ended,
        "disturbed": [phase.disturbance.kind for phase in program.phases],
        "seconds": round(time.monotonic() - started, 2),
        "held": round(held.seconds, 2),
        "again": command(seed, options),
    }


class Held:
    """How long this process was kept from its work: a machine that stands still looks like a cloud that does."""

    def __init__(self) -> None:
        """Begin with no time."""
        self.seconds = 0.0

    async def __aenter__(self) -> None:
        """Look at the clock all the time."""
        self._watching = asyncio.create_task(self._watch())

    async def __aexit__(self, *_: object) -> None:
        """Look no more."""
        self._watching.cancel()

    async def _watch(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(LOOK_S)
            self.seconds = max(self.seconds, time.monotonic() - before - LOOK_S)


def told(error: BaseException) -> str:
    """Return an error in a line, of a group its parts."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(map(told, error.exceptions))
    frames = traceback.extract_tb(error.__traceback__)
    where = [one for one in frames if Path(one.filename).parent == Path(__file__).parent][-1:]
    return " ".join([type(error).__name__, str(error), *(f"in {one.name}, line {one.lineno}" for one in where)])


async def run_all(
    seeds: Generator[int, None, None], options: argparse.Namespace, results: Results, found: list[Result]
) -> None:
    """Run programs, some at a time, and put what became of them into a list."""

    async def work() -> None:
        for seed in seeds:
            result = await carried_out(seed, options)
            results.keep(result)
            found.append(result)
            tell(result)
            if options.until_failed and result["verdict"] != "passed":
                seeds.close()

    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with asyncio.TaskGroup() as group:
        for _ in range(options.jobs):
            group.create_task(work())


def tell(result: Result) -> None:
    """Print what is wrong with a program."""
    if result["verdict"] != "passed":
        print(f"seed {result['seed']} failed ({', '.join(result['disturbed'])}):", flush=True)
        for problem in result["problems"]:
            print(f"  {problem}", flush=True)
        if result["more"]:
            print(f"  and {result['more']} more", flush=True)
        for line in result["said"][-SHOWN:]:
            print(f"  {line}", flush=True)
        if result["held"] > LONG_S:
            print(f"  this process did not get on for {result['held']} s, which may be why", flush=True)
        print(f"  again: {result['again']}", flush=True)


def main() -> int:
    """Return the exit code: 0 if every program passed."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--programs", type=int, default=1000, help="so many, with seeds one after the other")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first")
    parser.add_argument("--operations", type=int, default=200, help="at least so many in each")
    parser.add_argument("--disturbances", type=int, default=4, help="so many in each")
    parser.add_argument("--log", choices=[*DISTURBANCES], default="sqlite", help="the kind of the log")
    parser.add_argument("--workers", type=int, default=1, help="so many with one log, which has to be in Redis")
    parser.add_argument("--sync", choices=["always", "everysec"], default="always", help="of the disk")
    parser.add_argument("--fault", default="", metavar="NAME", help="use a log that is wrong in this way")
    parser.add_argument("--jobs", type=int, default=2, help="programs at a time")
    parser.add_argument(
        "--kept", type=Path, default=KEPT / "results.jsonl", metavar="FILE", help="where results are kept"
    )
    parser.add_argument("--until-failed", action="store_true", help="begin no program after one that failed")
    parser.add_argument("--fresh", action="store_true", help="run also those that are known")
    options = parser.parse_args()
    if options.workers > 1 and options.log != "redis":
        parser.error("several workers share a log in Redis only")
    if options.fault and options.fault not in FAULTS[options.log]:
        parser.error(f"a log in {options.log} can be wrong in these ways: {', '.join(FAULTS[options.log])}")
    started, results = time.monotonic(), Results(options.kept, options)
    wanted = range(options.seed, options.seed + options.programs)
    before = [results.known[seed] for seed in wanted if seed in results.known]
    for result in before:
        tell(result)
    new: list[Result] = []
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(run_all((seed for seed in wanted if seed not in results.known), options, results, new))
    code = summed([*before, *new], len(before), time.monotonic() - started)
    return code if len(before) + len(new) == options.programs or options.until_failed else code or INTERRUPTED


def summed(found: list[Result], before: int, seconds: float) -> int:
    """Print what was found and return the exit code."""
    failed = sorted(one["seed"] for one in found if one["verdict"] != "passed")
    kinds = Counter(kind for one in found for kind in one["disturbed"])
    print(
        f"{sum(one['ended'] for one in found)} operations; "
        + ", ".join(f"{n} {kind}" for kind, n in kinds.most_common())
    )
    known = f", {before} of them before" if before else ""
    print(
        f"{len(found)} programs in {seconds:.0f} s{known}; {len(failed)} failed{': ' if failed else ''}{failed or ''}"
    )
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
