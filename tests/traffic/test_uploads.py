"""Recordings that are handed to a running mock: how much is read of one, and that nobody waits for it."""

import asyncio
import gzip
import json
import threading
import time
from typing import Any

import pytest

from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.traffic import uploads
from mockspaces.traffic.archives import Bounds
from mockspaces.traffic.uploads import LeftError, Uploads
from tests.traffic.conftest import CONTRACT, entry

HELD_S = 0.1
PATIENCE = 5
MUCH = 3_900_000


def archive(*entries: Any) -> bytes:
    return json.dumps({"log": {"entries": entries}}).encode()


async def test_what_is_unpacked_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording that is small only while it is packed is refused as one that is too large."""
    monkeypatch.setattr(uploads, "BOUNDS", Bounds(archive=1_000_000, entry=1000))
    content = b'{"log":{"entries":[' + b" " * 1_000_000 + json.dumps(entry()).encode() + b"]}}"
    with pytest.raises(Rejection, match="more than 1000000 bytes") as refused:
        await Uploads().check(gzip.compress(content), CONTRACT, [])
    assert refused.value.code == "request.too_large"


async def test_a_long_entry_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry beyond its bound is counted and not kept in memory."""
    monkeypatch.setattr(uploads, "BOUNDS", Bounds(archive=10_000_000, entry=300_000))
    found = await Uploads().check(archive(entry(), entry(body="x" * 700_000)), CONTRACT, [])
    assert found.counts == {"entries": 2, "judged": 1, "too large to be read": 1}


async def test_checks_follow_each_other() -> None:
    """Several recordings at once are checked one after the other, each by itself."""
    one = Uploads()
    found = await asyncio.gather(*(one.check(archive(*[entry()] * count), CONTRACT, []) for count in (1, 2, 3)))
    assert [each.counts["judged"] for each in found] == [1, 2, 3]


def test_nothing_is_checked_for_who_has_left() -> None:
    """A check ends at the next part of the file once nobody waits for it."""
    left = threading.Event()
    left.set()
    with pytest.raises(LeftError):
        uploads.checked(archive(entry()), CONTRACT, [], left)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["brackets", "members", "escapes", "query", "many"])
async def test_nobody_is_held_up_by_a_check(what: str) -> None:
    """Whatever stands in a recording, the loop goes on while it is checked."""
    entries = {
        "brackets": [entry(body=f"[{','.join(['[]'] * (MUCH // 3))}]")],
        "members": [entry(body=json.dumps([{f"k{number}": number} for number in range(MUCH // 24)]))],
        "escapes": [entry(body='"' + r"\u0041" * (MUCH // 8) + '"')],
        "query": [entry(path="/api/users/me?" + "a=%41&" * (MUCH // 6))],
        "many": [entry()] * 3000,
    }[what]
    content = archive(*entries, entry())
    for _ in range(PATIENCE):  # a busy machine holds everybody up too, but not always
        gaps, before = [], time.perf_counter()
        checking = asyncio.create_task(Uploads().check(content, CONTRACT, []))
        while not checking.done():
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            gaps.append(now - before)
            before = now
        assert (await checking).counts["judged"] >= 1
        if max(gaps) < HELD_S:
            return
    raise AssertionError(f"{max(gaps):.3f} s")
