"""python -m liars: tell every lie to the contract suite with every profile, and see which are named.

What was found is kept as it comes; what was told before, by the same code, is not told again.
"""

import argparse
import hashlib
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from liars.judgement import Fate, Seen, judged, run_of, seen
from liars.lie import PROFILES, Lie, Part, fingerprint
from liars.lies import TRUTH, every_lie
from liars.runs import Done, Wanted, work
from liars.stage import ROOT

KEPT = ROOT / "build" / "liars"
SOURCES = ("contract_tests", "mockspaces", "fixtures")
OTHERS = 40  # tests beside those that cite the statement of a lie
SHARES = 8  # of a run of all tests
_spawning = get_context("spawn")


def digest(*folders: str) -> str:
    """Return what the code of some folders is known by."""
    found = hashlib.sha256()
    for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()):
        if "__pycache__" not in path.parts:
            found.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return found.hexdigest()[:16]


class Store:
    """What is known already, for one state of the suite: the mock's claims by test, and what was said of lies."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        code = digest(*SOURCES)
        self._claims, self._seen = folder / f"claims-{code}.jsonl", folder / f"seen-{code}.jsonl"
        self.claims: dict[str, dict[str, Any]] = {one["test"]: one for one in _lines(self._claims)}
        self.lies = {one.name: one for one in (TRUTH, *every_lie())}
        prints = {name: fingerprint(one) for name, one in self.lies.items()}
        self._prints = prints
        self.seen: dict[tuple[str, Part | None], Seen] = {}
        for row in _lines(self._seen):
            one = Seen(**{**row, "strays": tuple(row["strays"])})
            if one.fingerprint == prints.get(plain(one.lie)):  # the lie is still the same
                self.seen[one.lie, one.part] = one

    def keep_claims(self, tests: Iterable[dict[str, Any]]) -> None:
        """Keep the mock's claims of some tests."""
        with self._claims.open("a", encoding="utf-8") as file:
            for test in tests:
                self.claims[test["test"]] = test
                file.write(json.dumps(test) + "\n")

    def lacks(self, runs: Iterable[Done]) -> tuple[str, ...]:
        """Return the tests of runs of which the mock's claims are not known."""
        return tuple({test["test"]: 0 for done in runs for test in done.tests if test["test"] not in self.claims})

    def judge(self, done: Done) -> Fate:
        """Return what became of a lie, and keep what was said of it unless its run failed."""
        wanted = done.wanted
        name, part = wanted.key
        assert part is not None  # noqa: S101 - only runs of the mock have none
        lie = self.lies[wanted.lie]
        if done.failure:
            return Fate(name, part, "failed", done.failure)
        mock = run_of([self.claims[test["test"]] for test in done.tests if test["test"] in self.claims], "mock")
        both = [seen(lie, part, mock, run_of(tests, part)) for tests in (done.tests, done.again) if tests]
        found = next((one for one in both if one.named or one.strays), both[0])
        seconds, mark = round(done.seconds, 1), self._prints[lie.name]
        found = replace(found, lie=name, fingerprint=mark, seconds=seconds, tests=len(done.tests))
        self.seen[wanted.key] = found
        with self._seen.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(found)) + "\n")
        return judged(lie, found)


def plain(name: str) -> str:
    """Return the name of a lie without the share of the tests that it was told."""
    return name.partition(" · ")[0]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


class Crew:
    """Workers, each with a mock and a liar of its own."""

    def __init__(self, size: int) -> None:
        self._free = SimpleQueue[Connection]()
        self._pool = ThreadPoolExecutor(size)
        self._processes = []
        for _each in range(size):
            here, there = _spawning.Pipe()
            process = _spawning.Process(target=work, args=(there,))
            process.start()
            there.close()
            self._processes.append(process)
            self._free.put(here)

    def runs(self, wanted: Iterable[Wanted]) -> Iterator[Done]:
        """Yield what became of each run, as they end."""
        for made in as_completed([self._pool.submit(self._run, one) for one in wanted]):
            yield made.result()

    def _run(self, wanted: Wanted) -> Done:
        connection = self._free.get()
        try:
            connection.send(wanted)
            done: Done = connection.recv()
        finally:
            self._free.put(connection)
        return done

    def end(self) -> None:
        """Let the workers end."""
        self._pool.shutdown(cancel_futures=True)
        for _each in self._processes:
            self._free.get().send(None)
        for process in self._processes:
            process.join()


@contextmanager
def crew(size: int) -> Iterator[Crew]:
    workers = Crew(size)
    try:
        yield workers
    finally:
        workers.end()


def chosen(options: argparse.Namespace) -> list[Lie]:
    """Return the lies that were asked for."""
    lies = [one for one in every_lie() if options.match in one.name]
    if options.sample is not None and options.sample < len(lies):
        lies = random.Random(options.seed).sample(lies, options.sample)
    return lies


def told(workers: Crew, store: Store, wanted: Sequence[Wanted]) -> Iterator[Fate]:
    """Make runs and yield the fates of their lies; those first of which the mock's claims are known already."""
    later = []
    for done in workers.runs(wanted):
        if store.lacks([done]):
            later.append(done)
        else:
            yield store.judge(done)
    learn(workers, store, [Wanted(tests=store.lacks(later))] if later else [])
    yield from map(store.judge, later)


def learn(workers: Crew, store: Store, wanted: Sequence[Wanted]) -> None:
    """Run tests on the mock, to know their claims."""
    for done in workers.runs(wanted):
        if done.failure:
            raise SystemExit(f"the suite could not run on the mock: {done.failure}")
        for test in done.tests:
            if test["outcome"] in ("failed", "error"):  # so that its later claims are not known
                print(f"fails on the mock itself: {test['test']}  {test['reason']}", flush=True)
        store.keep_claims(done.tests)


def tell(fate: Fate) -> None:
    """Print a fate in a line."""
    took = f"({fate.seen.tests} tests, {fate.seen.seconds} s)" if fate.seen else ""
    print(f"{fate.outcome:7} {fate.part:10} {fate.lie}  {fate.detail}  {took}", flush=True)


def all_wanted(options: argparse.Namespace) -> list[Wanted]:
    """Return the runs that were asked for: the truth first, then each lie, with each profile."""
    parts = options.profile or PROFILES
    truths = [Wanted(TRUTH.name, part, sample=OTHERS) for part in parts]
    if options.sample is None and not options.match:
        truths = [Wanted(TRUTH.name, part, share=(each, SHARES)) for part in parts for each in range(SHARES)]
    lies = [Wanted(one.name, part, one.met or one.statement, OTHERS) for one in chosen(options) for part in parts]
    return [*truths, *lies]


def main() -> int:
    """Return the exit code: 0 if every lie is caught, and the truth is clean."""
    parser = argparse.ArgumentParser(prog="python -m liars", description=__doc__)
    parser.add_argument("--match", default="", help="only lies whose name contains this")
    parser.add_argument("--sample", type=int, help="only so many, drawn by chance, and a sample of the tests")
    parser.add_argument("--seed", type=int, default=1, help="seed of the sample")
    parser.add_argument("--profile", action="append", choices=PROFILES, help="only this profile; may be repeated")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", type=Path, metavar="FILE", help="keep counts and who was not caught")
    parser.add_argument("--list", action="store_true", help="list the lies and tell none")
    options = parser.parse_args()
    if options.list:
        print("\n".join(f"{one.name}: {one.statement}" for one in chosen(options)))
        return 0
    started, store = time.monotonic(), Store(KEPT)
    wanted = all_wanted(options)
    failed = []
    with crew(options.workers) as workers:
        if options.sample is None and not options.match and not store.claims:
            learn(workers, store, [Wanted(share=(each, SHARES)) for each in range(SHARES)])
        missed = []
        for fate in told(workers, store, [one for one in wanted if one.key not in store.seen]):
            failed += [fate] if fate.outcome == "failed" else []
            missed += [fate] if fate.outcome == "missed" else []
        # Once more: an edge of a second cannot be tried on a machine that is too busy to hit it.
        again = {(one.lie, one.part) for one in missed}
        failed += [one for one in told(workers, store, [one for one in wanted if one.key in again]) if not one.seen]
    known = [store.seen[one.key] for one in wanted if one.key in store.seen]
    fates = [*(judged(store.lies[plain(one.lie)], one) for one in known), *failed]
    for fate in fates:
        if fate.outcome not in ("caught", "unseen"):
            tell(fate)
    return summed(fates, time.monotonic() - started, options.write)


def summed(fates: Sequence[Fate], seconds: float, file: Path | None) -> int:
    """Print what was found, keep it if asked to, and return the exit code."""
    counts = {part: Counter(one.outcome for one in fates if one.part == part) for part in PROFILES}
    for part, found in counts.items():
        print(f"{part:10} " + ", ".join(f"{number} {outcome}" for outcome, number in found.most_common()))
    lies = {one.lie for one in fates if plain(one.lie) != TRUTH.name}
    uncaught = sorted(lies - {one.lie for one in fates if one.outcome == "caught"})
    wrong = [one for one in fates if one.outcome in ("missed", "blurred", "failed")]
    print(f"{len(lies)} lies in {seconds:.0f} s; caught by no profile: {', '.join(uncaught) or 'none'}")
    if file:
        text = {
            "profiles": counts,
            "uncaught": uncaught,
            "wrong": [f"{one.outcome} {one.part} {one.lie}" for one in wrong],
        }
        file.write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")
    return int(bool(uncaught or wrong))


if __name__ == "__main__":
    sys.exit(main())
