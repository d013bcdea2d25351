"""What a run leaves behind: for each test the behaviours it cites, its outcome, and its exchanges, redacted."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from contract_tests.kit import Difference
from contract_tests.redaction import redact, redact_text

MOST_EXCHANGES = 40  # of one test: a loop of requests shows nothing new after that
MOST_CHARS = 4000
MOST_BYTES = 256 * 1024


@dataclass
class Record:
    """One test of a run. ``differences`` are what the target does otherwise without failing the test at once.

    ``outcome`` is pytest's, or ``contradicted``: it ran to its end, and something documented that its helpers
    look at was otherwise.
    """

    test: str
    behaviours: list[str]
    outcome: str = "passed"
    reason: str = ""
    seconds: float = 0.0
    differences: list[dict[str, str]] = field(default_factory=list)
    exchanges: list[dict[str, Any]] = field(default_factory=list)

    @property
    def contradicts(self) -> list[str]:
        """Documented behaviours that the target was seen to break while the test went on."""
        return list(dict.fromkeys(one["of"] for one in self.differences if one["kind"] == "documented"))

    def add_exchange(self, exchange: dict[str, Any]) -> None:
        if len(self.exchanges) < MOST_EXCHANGES:
            self.exchanges.append(exchange)


class Recorder:
    """Collects the records of a run; ``current`` is the test that runs."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.secrets: set[str] = set()  # the profile's own, which are replaced wherever they stand
        self.current: Record | None = None

    def begin(self, test: str, behaviours: list[str]) -> None:
        self.current = Record(test, behaviours)
        self.records.append(self.current)

    def differ(self, difference: Difference) -> None:
        """Note that the target does otherwise than we assume, or than a helper was told."""
        if self.current is None:
            return
        shown = {
            "actual": repr(redact(difference.actual)),
            "wanted": repr(redact(difference.wanted)),
            "note": difference.note,
        }
        texts = {name: redact_text(text)[:MOST_CHARS] for name, text in shown.items()}
        kind = "documented" if difference.documented else "assumed"
        self.current.differences.append({**texts, "of": difference.of, "kind": kind})

    def response(self, response: httpx.Response) -> None:
        """Take an HTTP exchange in; the event hook of the client."""
        if self.current is None or "/_mock" in response.request.url.path:
            return
        response.read()
        request = response.request
        self.current.add_exchange(
            {
                "request": {
                    "method": request.method,
                    "url": redact_text(str(request.url)),
                    "headers": redact(dict(request.headers)),
                    "body": _text(_sent(request)),
                },
                "response": {
                    "status": response.status_code,
                    "headers": redact(dict(response.headers)),
                    "body": _text(response.content),
                },
            }
        )

    def write(self, path: Path, target: str, kind: str, leftovers: Sequence[str]) -> None:
        """Write the run as JSON: the results, and a recording that can stand in for the target."""
        document = {
            "target": target,
            "kind": kind,
            "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "leftovers": list(leftovers),
            "tests": [asdict(record) for record in self.records],
        }
        text = json.dumps(document, indent=1, ensure_ascii=False)
        for secret in self.secrets:
            text = text.replace(json.dumps(secret, ensure_ascii=False)[1:-1], "<secret>")
        # Hostile input has lone surrogates, which UTF-8 cannot hold and JSON readers refuse.
        path.write_text(text, encoding="utf-8", errors="replace")


def _sent(request: httpx.Request) -> bytes:
    try:
        return request.content
    except httpx.RequestNotRead:
        return b"<a stream>"


def _text(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        return f"<{len(content)} bytes>"  # a cut one could not be redacted by its members, a whole one takes seconds
    return redact_text(content.decode("utf-8", "replace"))[:MOST_CHARS]
