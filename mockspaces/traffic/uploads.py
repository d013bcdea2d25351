"""Recordings that are handed to a running mock: checked one after the other, in a thread of their own.

Nobody is held up meanwhile. A thread that decodes holds all others up until it is done, so that what one entry may have
is bounded, and so is what is unpacked of all. Whoever goes away leaves nothing behind that still works.
"""

import asyncio
import io
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.contract import Contract, errors
from mockspaces.contract.limits import OPERATOR
from mockspaces.contract.shapes.control import CheckedRecording
from mockspaces.traffic import archives, reports
from mockspaces.traffic.archives import ArchiveError, Bounds, Entry, TooLargeError, answered, asked
from mockspaces.traffic.judging import Judge
from mockspaces.traffic.matching import Matcher
from mockspaces.traffic.verdicts import verdicts

NAME = Path("the recording")
BOUNDS = Bounds(OPERATOR.archive_bytes, OPERATOR.archive_entry_bytes)

MOST_MARKS = 100_000  # of what parts the values in a body or frame; each may become an object
MARKS = (b"{", b"[", b",", b":", b"&", b"\x1e")
MOST_HEAD_CHARS = 256 * 1024  # of its URL and headers


class LeftError(Exception):
    """Nobody waits for a check any more."""


class Uploads:
    """The checks of one application."""

    def __init__(self) -> None:
        """Prepare the thread, which begins with the first check."""
        self._thread = ThreadPoolExecutor(1, "mockspaces-check")

    async def check(self, body: bytes, contract: Contract, named: Sequence[str]) -> CheckedRecording:
        """Hold an archive, packed or not, against a contract. Refuses what is none, or has nothing of the service."""
        left = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, checked, body, contract, named, left)
        except TooLargeError as error:
            raise Rejection(errors.REQUEST_TOO_LARGE, f"{error}; mockspaces check reads files of any size") from None
        except ArchiveError as error:
            raise invalid("", str(error)) from None
        finally:
            left.set()


def checked(body: bytes, contract: Contract, named: Sequence[str], left: threading.Event) -> CheckedRecording:
    """Do the same at once, until somebody has left. Raises `ArchiveError`, `LeftError`."""

    def go_on(_position: int) -> None:
        if left.is_set():
            raise LeftError

    judge = Judge(contract, Matcher(contract, named))
    for number, entry in archives.entries(NAME, go_on, file=io.BytesIO(body), bounds=BOUNDS):
        judge.judge(number, None if entry and is_large(entry) else entry)
    found = judge.findings
    if not found.hosts:
        told = f"{NAME}: no entry is one of the service ({found.counts['entries']} in all)"
        raise ArchiveError(f'{told}; "hosts" names further hosts of it')
    return msgspec.convert(reports.document(found, verdicts(found)), CheckedRecording)


def is_large(entry: Entry) -> bool:
    """Whether to judge an entry would hold everybody up, though it is short enough to be read."""
    request, response = entry.request, entry.response
    headers = (one for side in (request, response) for one in side.headers)
    if len(request.url) + sum(len(one.name) + len(one.value) for one in headers) > MOST_HEAD_CHARS:
        return True
    texts = [asked(entry).body, answered(entry).body, *(one.data.encode("utf-8", "replace") for one in entry.frames)]
    return any(sum(map(text.count, MARKS)) > MOST_MARKS for text in texts if text)
