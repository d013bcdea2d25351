"""python -m mutants: hunt them all, or a seeded sample, and tell who survived."""

import argparse
import random
import sys
import time
from collections import Counter

from mutants.generated import all_generated
from mutants.handwritten import all_handwritten
from mutants.hunt import Fate, hunt
from mutants.mutant import Mutant

WANTED_RATE = 0.95


def chosen(options: argparse.Namespace) -> list[Mutant]:
    """Return the mutants that were asked for."""
    generated = [one for one in all_generated() if options.match in one.id]
    if options.sample is not None and options.sample < len(generated):
        generated = random.Random(options.seed).sample(generated, options.sample)
    return [*(one for one in all_handwritten() if options.match in one.id), *generated]


def tell(fate: Fate) -> None:
    print(f"{fate.outcome:9} {fate.mutant.id}  {fate.detail}", flush=True)


def main() -> int:
    """Return the exit code: 0 if enough of the mutants die."""
    parser = argparse.ArgumentParser(prog="python -m mutants", description=__doc__)
    parser.add_argument("--match", default="", help="only mutants whose id contains this")
    parser.add_argument("--sample", type=int, help="only so many of the generated ones, drawn by chance")
    parser.add_argument("--seed", type=int, default=1, help="seed of the sample")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="list the mutants and hunt none")
    options = parser.parse_args()
    mutants = chosen(options)
    if options.list:
        print("\n".join(one.id for one in mutants))
        return 0
    started, counts = time.monotonic(), Counter[str]()
    for fate in hunt(mutants, options.workers):
        counts[fate.outcome] += 1
        if fate.outcome != "killed":
            tell(fate)
    killed = counts["killed"] / max(1, len(mutants))
    shown = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    print(f"{len(mutants)} mutants: {shown}; {killed:.0%} killed in {time.monotonic() - started:.0f} s")
    return int(killed < WANTED_RATE)


if __name__ == "__main__":
    sys.exit(main())
