import functools
import threading
import time
import urllib.request

import pytest
import trio


def test_twins_wait_under_trio(mockspaces):
    """The twins wait, and the loop goes on."""
    ticks = []

    async def main():
        async def tick():
            while True:
                ticks.append(1)
                await trio.sleep(0.01)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(tick)
            with pytest.raises(TimeoutError):
                await mockspaces.aio.wait_for(lambda: None, timeout=0.2)
            ask = functools.partial(urllib.request.urlopen, f"{mockspaces.url}/health")
            threading.Timer(0.1, lambda: ask().close()).start()
            [entry] = await mockspaces.aio.journal.wait(path="/health")
            assert entry.status == 200
            nursery.cancel_scope.cancel()

    trio.run(main)
    assert len(ticks) > 5, "the loop went on"


def test_plain_waits_are_refused_with_advice(mockspaces):
    """A wait that would stop the loop names the twin."""

    async def main():
        for wait in (functools.partial(mockspaces.wait_for, lambda: 1), mockspaces.journal.wait):
            with pytest.raises(RuntimeError, match="await mockspaces.aio"):
                wait()

    trio.run(main)


def test_leaving_ends_the_wait(mockspaces):
    """A cancelled wait ends at once."""

    async def main():
        with trio.move_on_after(0.2):
            await mockspaces.aio.journal.wait(path="/never", timeout=5)

    began = time.monotonic()
    trio.run(main)
    assert time.monotonic() - began < 3
