"""What a run leaves behind: for each test the behaviours it cites, its outcome, and its exchanges, redacted."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from contract_tests.claims import Claim, Difference, Need, book
from contract_tests.redaction import redact, redact_text

MOST_EXCHANGES = 100  # of one test: a loop of requests shows nothing new after that
MOST_CHARS = 4000
MOST_BYTES = 256 * 1024


@dataclass
class Record:
    """One test of a run. ``reason`` says why it was skipped, failed, or stopped before all its claims were tried.

    ``outcome`` is pytest's, or ``contradicted``: it ran to its end, and a claim differed.
    """

    test: str
    behaviours: list[str]
    outcome: str = "passed"
    reason: str = ""
    seconds: float = 0.0
    claims: list[dict[str, Any]] = field(default_factory=list)
    exchanges: list[dict[str, Any]] = field(default_factory=list)


class Recorder:
    """Collects the records of a run; ``current`` is the test that runs.

    A run that ``writes`` nothing needs no redacted texts, which take a twentieth of its time.
    """

    def __init__(self) -> None:
        self.writes = True
        self.records: list[Record] = []
        self.problems: list[str] = []  # which kept the run from beginning
        self.remarks: list[str] = []  # parts of the profile that do not work, and were left out
        self.ended = ""  # why the run ended before all tests had run
        self.secrets: set[str] = set()  # the profile's own, which are replaced wherever they stand
        self.current: Record | None = None
        self._position = 0
        self.lacking: Callable[[Sequence[Need]], list[str]] | None = None  # what a profile does not serve

    def begin(self, test: str, behaviours: list[str]) -> None:
        self.current = Record(test, behaviours)
        self.records.append(self.current)

    def finish(self, claims: Sequence[Claim]) -> None:
        """Take the claims of the current test in."""
        if self.current is not None and self.writes:
            self.current.claims = [self._claim(one) for one in claims]

    def _claim(self, claim: Claim) -> dict[str, Any]:
        return {
            "id": claim.id,
            "text": claim.text,
            "state": claim.state,
            "kind": claim.kind or "",
            "reason": redact_text(claim.reason),
            "refusal": claim.refusal,
            "aside": claim.aside,
            "extra": claim.extra,
            "differences": [_shown(one) for one in claim.differences],
            "needs": [str(one) for one in claim.needs],
            "lacking": self.lacking(claim.needs) if self.lacking else [],
            "exchanges": [one for one in claim.exchanges if one < MOST_EXCHANGES],
        }

    def exchange(self, request: dict[str, Any], response: dict[str, Any]) -> int:
        """Keep an exchange of the current test, unless it has many; return its position. What is written is redacted.

        Both have text as ``body``, bytes where it need not be UTF-8, and ``headers``; a request has a ``url``.
        """
        if self.current is None:
            return 0
        self._position = 0 if not self.current.exchanges else self._position + 1
        if len(self.current.exchanges) < MOST_EXCHANGES:
            made = (_redacted(request), _redacted(response)) if self.writes else ({}, {})
            self.current.exchanges.append(dict(zip(("request", "response"), made, strict=True)))
        return self._position

    def response(self, response: httpx.Response) -> None:
        """Take an HTTP exchange in; the event hook of the client. Raises `NotTried` for a target that breaks."""
        request = response.request
        if self.current is None or "/_mock" in request.url.path or "unseen" in request.extensions:
            return
        response.read()
        sent = {"method": request.method, "url": str(request.url), "headers": request.headers, "body": _sent(request)}
        got = {"status": response.status_code, "headers": response.headers, "body": response.content}
        book.answered(response, self.exchange(sent, got))

    def write(self, path: Path, target: str, kind: str, leftovers: Sequence[str]) -> None:
        """Write the run as JSON: the results, and a recording that can stand in for the target."""
        document = {
            "target": target,
            "kind": kind,
            "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "leftovers": list(leftovers),
            "problems": [redact_text(one) for one in self.problems],
            "remarks": [redact_text(one) for one in self.remarks],
            "ended": redact_text(self.ended),
            "tests": [asdict(record) for record in self.records],
        }
        text = json.dumps(document, indent=1, ensure_ascii=False)
        for secret in self.secrets:
            text = text.replace(json.dumps(secret, ensure_ascii=False)[1:-1], "<secret>")
        if self.secrets:
            # What a claim is known by is of the suite, not of the target, though it may have a user name in it.
            document = json.loads(text)
            for record, told in zip(self.records, document["tests"], strict=True):
                told["test"] = record.test
                for claim, shown in zip(record.claims, told["claims"], strict=True):
                    shown["text"] = claim["text"]
            text = json.dumps(document, indent=1, ensure_ascii=False)
        # Hostile input has lone surrogates, which UTF-8 cannot hold and JSON readers refuse.
        path.write_text(text, encoding="utf-8", errors="replace")


def _shown(difference: Difference) -> dict[str, str]:
    """Return a difference for people, without secrets."""
    shown = {
        "actual": repr(redact(difference.actual)),
        "wanted": repr(redact(difference.wanted)),
        "note": difference.note,
    }
    return {name: redact_text(text)[:MOST_CHARS] for name, text in shown.items()} | {"kind": difference.kind}


def _sent(request: httpx.Request) -> bytes:
    try:
        return request.content
    except httpx.RequestNotRead:
        return b"<a stream>"


def _redacted(part: dict[str, Any]) -> dict[str, Any]:
    """Return a request or response without secrets, and with a body that can be shown."""
    body = part["body"]
    if len(body) > MOST_BYTES:
        text = f"<{len(body)} bytes>"  # a cut one could not be redacted by its members, a whole one takes seconds
    else:
        text = redact_text(body if isinstance(body, str) else body.decode("utf-8", "replace"))[:MOST_CHARS]
    url = {"url": redact_text(part["url"])} if "url" in part else {}
    return {**part, **url, "headers": redact(dict(part["headers"])), "body": text}
