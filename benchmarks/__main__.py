"""python -m benchmarks [NAME...] [--out FILE]: measures, prints a table, never fails for a missed budget."""

import argparse
import json
from pathlib import Path

from benchmarks import messages, oauth, process, rest, sockets, tokens
from benchmarks.report import Figure, document, table

MEASURES = {
    "get": rest.authenticated_get,
    "chat": messages.chat,
    "pages": messages.pages,
    "verify": tokens.first_verification,
    "tokens": oauth.tokens,
    "redirects": oauth.redirects,
    "worlds": process.worlds,
    "start": process.start,
    "memory": process.memory,
    "fan-out": sockets.fan_out,
    "sockets": sockets.memory,
}


def main() -> None:
    """Run the chosen measurements, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ratios of the performance budget.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(MEASURES)}; all if none")
    parser.add_argument("--out", type=Path, help="also write a result file, such as benchmarks/results/today.json")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - MEASURES.keys():
        parser.error(f"no measure {', '.join(sorted(unknown))}")
    figures: list[Figure] = []
    for name in chosen.names or MEASURES:
        figures += MEASURES[name]()
    print(table(figures))
    if chosen.out:
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        chosen.out.write_text(json.dumps(document(figures), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
