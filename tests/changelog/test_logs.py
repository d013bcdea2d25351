"""What a change log promises, shown for each of them by the same tests."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from mockspaces.changelog import redis
from mockspaces.changelog.log import ChangeLog, GoneError, MovedError, Registered, Stand
from mockspaces.changelog.redis import RedisLog
from mockspaces.changelog.sqlite import LARGE, SWEPT, SqliteLog
from tests.changelog.reference import ReferenceLog, Writer, told
from tests.changelog.servers import RedisServer

LOGS = ("reference", "sqlite", "redis")


@pytest.fixture(params=LOGS)
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], ChangeLog]:
    """What opens the log, and opens it again as another process would after its first one ended."""
    if request.param == "sqlite":
        return lambda: SqliteLog(tmp_path / "mock.db")
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        return lambda: RedisLog(server.url, prefix=tmp_path.name)
    log = ReferenceLog()
    return lambda: log


async def some(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_world_is_there_with_its_state_and_changes(reopen: Callable[[], ChangeLog]) -> None:
    """The registry, a snapshot and the change sets behind it are what was given, also after the log was closed."""
    log = reopen()
    first = await log.begin("one", b"head", some(b"a", b"b"), None)
    writer = Writer(log, first)
    await writer.append(b"x", b"y")
    second = await log.begin("two", b"other", some(), None)
    await log.close()
    log = reopen()
    assert await log.names() == {"one": first, "two": second}
    assert await log.world("one") == Registered("one", first, b"head")
    assert await log.world("three") is None
    begin, parts = await log.snapshot(first)
    assert (begin, parts) == (Stand(), [b"a", b"b"])
    changes = await log.after(first, begin)
    assert [(one.stand.position, one.data) for one in changes] == [(1, b"x"), (2, b"y")]
    assert changes[-1].stand == writer.stand
    assert await told(log, first, changes[0].stand) == [b"y"]
    assert (await log.snapshot(second), await told(log, second)) == ((Stand(), []), [])
    await Writer(log, first, changes[-1].stand).append(b"z")
    assert await told(log, first) == [b"x", b"y", b"z"]
    await log.close()


@pytest.mark.parametrize("stand", [Stand(), Stand(2, b"2")])
async def test_only_the_tail_takes_an_append(reopen: Callable[[], ChangeLog], stand: Stand) -> None:
    """Who stands before the tail, or behind it, is refused, and nothing of theirs is stored."""
    log = reopen()
    world = await log.begin("one", b"", some(), None)
    await Writer(log, world).append(b"x")
    with pytest.raises(MovedError):
        await log.append(world, stand, b"u", b"y")
    with pytest.raises(MovedError):
        await log.begin("one", b"", some(), (world, stand))
    assert await told(log, world) == [b"x"]
    await log.close()


async def test_who_stands_behind_the_tail_is_told(reopen: Callable[[], ChangeLog]) -> None:
    """A position that the log does not have, as after it has lost something, is not taken for one without news."""
    log = reopen()
    world = await log.begin("one", b"", some(), None)
    writer = Writer(log, world)
    await writer.append(b"x")
    assert await told(log, world, writer.stand) == []
    with pytest.raises(MovedError):
        await log.after(world, Stand(2, b"2"))
    with pytest.raises(MovedError):
        await log.compact(world, Stand(2, b"2"), some())
    assert await log.snapshot(world) == (Stand(), [])
    await log.close()


async def test_a_world_with_another_state_is_another_generation(reopen: Callable[[], ChangeLog]) -> None:
    """Of a world that begins anew nothing older is left, and who stands in the older generation is told."""
    log = reopen()
    old = await log.begin("one", b"", some(b"a"), None)
    writer = Writer(log, old)
    await writer.append(b"x")
    with pytest.raises(MovedError):  # whoever thinks that there is none of this name
        await log.begin("one", b"", some(b"c"), None)
    new = await log.begin("one", b"", some(b"b"), writer.place)
    assert new > old
    assert await log.names() == {"one": new}
    assert (await log.snapshot(new), await told(log, new)) == ((Stand(), [b"b"]), [])
    for call in (
        writer.append(b"y"),
        log.snapshot(old),
        log.after(old, Stand()),
        log.compact(old, writer.stand, some()),
    ):
        with pytest.raises(GoneError):
            await call
    await log.close()


async def test_a_dropped_world_stays_dropped(reopen: Callable[[], ChangeLog]) -> None:
    """A world that was dropped is told to be gone, not to be empty, and its name may begin a new one."""
    log = reopen()
    old = await log.begin("one", b"", some(b"a"), None)
    await Writer(log, old).append(b"x")
    await log.drop("one", old)
    await log.close()
    log = reopen()
    assert await log.names() == {}
    for call in (log.append(old, Stand(1, b"1"), b"t", b"y"), log.snapshot(old), log.after(old, Stand())):
        with pytest.raises(GoneError):
            await call
    new = await log.begin("one", b"", some(), None)
    await log.drop("one", old)  # not the generation of that world any more
    assert new != old
    assert await log.names() == {"one": new}
    await log.close()


async def test_a_snapshot_takes_the_place_of_what_came_before(
    reopen: Callable[[], ChangeLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After compaction the snapshot and the tail are the whole history, and a reader behind it is told."""
    monkeypatch.setattr(redis, "KEPT", 0)
    log = reopen()
    world = await log.begin("one", b"", some(b"a"), None)
    writer = Writer(log, world)
    await writer.append(*(b"%d" % number for number in range(SWEPT + 3)))
    stand = writer.stand
    await writer.append(b"x", b"y")
    await log.compact(world, stand, some(b"b", b"c"))
    await writer.append(b"z")
    await log.close()
    log = reopen()
    begin, parts = await log.snapshot(world)
    assert (begin.position, parts) == (SWEPT + 3, [b"b", b"c"])
    changes = await log.after(world, begin)
    assert [one.data for one in changes] == [b"x", b"y", b"z"]
    with pytest.raises(MovedError):
        await log.after(world, Stand())
    await Writer(log, world, changes[-1].stand).append(b"!")
    await log.close()


async def test_compaction_stands_in_nobodys_way(reopen: Callable[[], ChangeLog]) -> None:
    """While a snapshot is taken others append, and nothing of it is lost."""
    log = reopen()
    world = await log.begin("one", b"", some(b"a"), None)
    writer = Writer(log, world)
    await writer.append(b"0")
    stand = writer.stand

    async def slowly() -> AsyncIterator[bytes]:
        for number in range(1, 4):
            await writer.append(b"%d" % number)
            yield b"part"

    await log.compact(world, stand, slowly())
    begin, parts = await log.snapshot(world)
    assert (begin.position, parts) == (1, [b"part"] * 3)
    assert await told(log, world, begin) == [b"1", b"2", b"3"]
    await log.close()


async def test_a_state_that_is_given_up_halfway_never_was(reopen: Callable[[], ChangeLog]) -> None:
    """When the parts of a state break off, the world stays as it was."""
    log = reopen()
    world = await log.begin("one", b"", some(b"a"), None)
    writer = Writer(log, world)

    async def broken() -> AsyncIterator[bytes]:
        yield b"b"
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await log.begin("one", b"", broken(), writer.place)
    with pytest.raises(RuntimeError, match="broken"):
        await log.compact(world, Stand(), broken())
    await writer.append(b"x")
    await log.close()
    log = reopen()
    assert (await log.snapshot(world), await told(log, world)) == ((Stand(), [b"a"]), [b"x"])
    await log.close()


async def test_a_kill_in_the_middle_leaves_what_was_before(tmp_path: Path) -> None:
    """Whoever opens a file as it is while another state or a snapshot is being written finds the one before."""
    log, copies = SqliteLog(tmp_path / "mock.db"), 0
    world = await log.begin("one", b"", some(b"a"), None)
    writer = Writer(log, world)
    await writer.append(b"x")
    sizes: list[list[int]] = []

    async def look() -> None:
        nonlocal copies
        copies += 1
        folder = tmp_path / str(copies)
        folder.mkdir()
        for name in ("mock.db", "mock.db-wal"):
            shutil.copy(tmp_path / name, folder / name)
        copy = SqliteLog(folder / "mock.db")
        assert await copy.names() == {"one": world}
        assert (await copy.snapshot(world), await told(copy, world)) == ((Stand(), [b"a"]), [b"x"])
        sizes.append([copy._one("SELECT count(*) FROM parts"), copy._one("SELECT count(*) FROM changes")])
        await copy.close()

    async def watched() -> AsyncIterator[bytes]:
        for part in (b"b", b"c", b"d" * LARGE, b"e"):
            yield part
            await look()

    await log.compact(world, Stand(), watched())
    with pytest.raises(AssertionError):
        await look()  # now another one is there
    sizes.clear()
    world = await log.begin("one", b"", some(b"a"), writer.place)
    writer = Writer(log, world)
    await writer.append(b"x")
    await log.begin("one", b"", watched(), writer.place)
    assert sizes == [[1, 1]] * 4  # what was written in vain is swept away
    await log.close()


async def test_worlds_and_large_change_sets_do_not_mix(reopen: Callable[[], ChangeLog]) -> None:
    """Appends of several worlds at once, large and small, each end up whole in their own world."""
    log = reopen()
    worlds = [await log.begin(name, b"", some(), None) for name in ("one", "two", "three")]

    async def fill(world: int) -> None:
        await Writer(log, world).append(*(b"%d" % world * (LARGE if number % 3 == 0 else 1) for number in range(6)))

    await asyncio.gather(*map(fill, worlds))
    for world in worlds:
        sizes = [len(data) // len(b"%d" % world) for data in await told(log, world) if set(data) == set(b"%d" % world)]
        assert sizes == [LARGE, 1, 1, LARGE, 1, 1]
    await log.close()
