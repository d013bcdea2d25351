"""Waiting, opening and dropping worlds while a test holds the time, by the library that is installed."""

import asyncio
import datetime
import time

import pytest

try:
    import freezegun

    def stopped():
        return freezegun.freeze_time("2031-02-03")
except ImportError:
    import time_machine

    def stopped():
        return time_machine.travel(datetime.datetime(2031, 2, 3, tzinfo=datetime.UTC), tick=False)


def test_waits_end(mockspaces):
    """A wait ends after its time although the time of the test stands still."""
    with stopped():
        assert time.time() == datetime.datetime(2031, 2, 3, tzinfo=datetime.UTC).timestamp()
        with pytest.raises(TimeoutError):
            mockspaces.wait_for(lambda: None, timeout=0.2)
        with pytest.raises(TimeoutError):
            mockspaces.journal.wait(path="/never", timeout=0.2)


def test_waits_in_a_loop_end(mockspaces):
    """So does one in an event loop."""

    async def main():
        with pytest.raises(TimeoutError):
            await mockspaces.aio.wait_for(lambda: None, timeout=0.2)

    with stopped():
        asyncio.run(main())


def test_worlds_stay(mockspaces, mockspaces_server):
    """A jump of the time drops no world, not even one with a ttl."""
    with mockspaces_server.open_world(ttl=60) as brief:
        with stopped(), mockspaces_server.open_world() as world:
            opened = {one["name"] for one in mockspaces_server.call("GET", "/worlds")["data"]}
            assert opened == {"default", mockspaces.name, brief.name, world.name}
        mockspaces_server.open_world().drop()
        assert brief.call("GET", "")["name"] == brief.name
