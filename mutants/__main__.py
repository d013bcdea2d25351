"""python -m mutants: hunt them all, or a seeded sample, and tell who survived."""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from mutants.generated import all_generated
from mutants.handwritten import all_handwritten
from mutants.hunt import ROOT, Fate, hunt
from mutants.kept import Kept
from mutants.mutant import Mutant
from mutants.reasons import REASONS

WANTED_RATE = 0.97
KEPT = ROOT / ".mutants.jsonl"


def chosen(options: argparse.Namespace) -> list[Mutant]:
    """Return the mutants that were asked for."""
    by_hand, generated = (
        [one for one in every if options.match in one.id] for every in (all_handwritten(), all_generated())
    )
    if options.sample is not None:
        mortal = [one for one in generated if one.id not in REASONS]  # a sample of those that should die
        by_hand, generated = (
            random.Random(options.seed).sample(some, min(options.sample, len(some))) for some in (by_hand, mortal)
        )
    return [*by_hand, *generated]


def resumed(mutants: Sequence[Mutant], kept: Kept, workers: int, *, fresh: bool) -> Iterator[Fate]:
    """Yield the fate of each mutant: first those that are known from an earlier hunt, unless all are hunted anew."""
    known = {} if fresh else {one.id: fate for one in mutants if (fate := kept.fate(one))}
    yield from known.values()
    for fate in hunt([one for one in mutants if one.id not in known], workers):
        kept.keep(fate)
        yield fate


def tell(fate: Fate) -> None:
    print(f"{fate.outcome:9} {fate.mutant.id}  {fate.detail}", flush=True)


def main() -> int:
    """Return the exit code: 0 if enough of the mutants die."""
    parser = argparse.ArgumentParser(prog="python -m mutants", description=__doc__)
    parser.add_argument("--match", default="", help="only mutants whose id contains this")
    parser.add_argument("--sample", type=int, help="only so many by hand, and as many generated, drawn by chance")
    parser.add_argument("--seed", type=int, default=1, help="seed of the sample")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", type=Path, metavar="FILE", help="keep counts and survivors, for docs/fidelity.md")
    parser.add_argument(
        "--kept", type=Path, default=KEPT, metavar="FILE", help="where fates are kept for the next hunt"
    )
    parser.add_argument("--fresh", action="store_true", help="hunt also those whose kept fate still holds")
    parser.add_argument("--list", action="store_true", help="list the mutants and hunt none")
    options = parser.parse_args()
    mutants = chosen(options)
    if options.list:
        print("\n".join(one.id for one in mutants))
        return 0
    started, fates = time.monotonic(), list[Fate]()
    for fate in resumed(mutants, Kept(options.kept), options.workers, fresh=options.fresh):
        fates.append(fate)
        if fate.outcome != "killed":
            tell(fate)
    counts = Counter(fate.outcome for fate in fates)
    shown = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    seconds = time.monotonic() - started
    print(f"{len(mutants)} mutants: {shown}; {rate(fates):.1%} of the generated killed in {seconds:.0f} s")
    if options.write:
        options.write.write_text(json.dumps(summary(fates), indent=1) + "\n", encoding="utf-8")
    by_hand = [fate for fate in fates if fate.mutant.id.startswith("rule ") and fate.outcome != "killed"]
    unknown = [fate for fate in fates if fate.outcome != "killed" and fate.mutant.id not in REASONS]
    return int(bool(by_hand or unknown) or rate(fates) < WANTED_RATE)


def rate(fates: Sequence[Fate]) -> float:
    """Return what share of the generated mutants died: all, if there were none."""
    generated = [fate for fate in fates if not fate.mutant.id.startswith("rule ")]
    return sum(fate.outcome == "killed" for fate in generated) / len(generated) if generated else 1.0


def summary(fates: Sequence[Fate]) -> dict[str, object]:
    """Return what docs/fidelity.md tells: how many were hunted of each kind, and who lives."""
    hunted = Counter(fate.mutant.id.partition(" ")[0] for fate in fates)
    killed = Counter(fate.mutant.id.partition(" ")[0] for fate in fates if fate.outcome == "killed")
    kinds = {kind: [killed[kind], count] for kind, count in sorted(hunted.items())}
    return {"kinds": kinds, "survivors": sorted(fate.mutant.id for fate in fates if fate.outcome != "killed")}


if __name__ == "__main__":
    sys.exit(main())
