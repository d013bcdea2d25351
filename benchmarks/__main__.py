"""python -m benchmarks [NAME...]: measures, prints a table, never fails for a missed budget."""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import messages, oauth, peers, people, process, rest, results, sockets, steps, stops, tokens
from benchmarks.effort import FULL, QUICK, Effort
from benchmarks.report import Figure, table

MEASURES: dict[str, Callable[[Effort], list[Figure]]] = {
    "get": rest.authenticated_get,
    "credentials": rest.credentials,
    "spaces": rest.create_space,
    "chat": messages.chat,
    "logged": messages.logged_chat,
    "workers": messages.two_workers,
    "announced": messages.announced_chat,
    "colleagues": rest.colleagues,
    "verify": tokens.first_verification,
    "tokens": oauth.tokens,
    "redirects": oauth.redirects,
    "fan-out": sockets.fan_out,
    "worlds": process.worlds,
    "fixture": process.fixture,
    "imports": process.imports,
    "start": process.start,
    "stop": process.stop,
    "memory": process.memory,
    "sockets": sockets.memory,
    "pages": messages.pages,
    "waits": stops.waits,
    "crowd": stops.crowd,
    "people": people.profile,
    "costs": people.costs,
}
PROFILE = "profile"  # no ratio: where the time of one call goes


def main() -> None:
    """Run the chosen measurements, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ratios of the performance budget.")
    known = ", ".join([*MEASURES, PROFILE])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {known}; all if none")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="the same as an option")
    parser.add_argument("--quick", action="store_true", help="a smoke: every case once and small, the figures are void")
    parser.add_argument("--peers", type=Path, default=peers.FOLDER, help="environment with the peers (make peers)")
    parser.add_argument("--out", type=Path, help="folder for latest.json, .md and .svg; benchmarks/results for all")
    chosen = parser.parse_args()
    names = [*chosen.names, *chosen.only]
    if unknown := set(names) - {*MEASURES, PROFILE}:
        parser.error(f"no measure {', '.join(sorted(unknown))}")
    complete, effort = not names and not chosen.quick, QUICK if chosen.quick else FULL
    load_before = os.getloadavg()[0]
    if ratios := [name for name in names or MEASURES if name != PROFILE]:
        figures = measured(ratios, effort)
        others = peers.side_by_side(chosen.peers, FULL) if complete else []
        print(table(figures))
        if others:
            print(f"\n{peers.table(others)}")
        if out := chosen.out or (results.FOLDER if complete else None):
            results.write(out, figures, others, load_before)
    if PROFILE in names or not names:
        found = steps.measured(effort)
        print(f"\n{steps.table(found)}")
        if not chosen.quick:
            results.write_profile(found, load_before)


def measured(names: list[str], effort: Effort) -> list[Figure]:
    """Return the figures of some measures, one after the other."""
    figures: list[Figure] = []
    for name in names:
        begin = time.perf_counter()
        figures += MEASURES[name](effort)
        print(f"{name}: {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    return figures


if __name__ == "__main__":
    main()
