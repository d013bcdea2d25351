"""What a change log promises, shown for each of them by the same tests."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from mockspaces.changelog.log import ChangeLog, GoneError, MovedError
from mockspaces.changelog.redis import RedisLog
from mockspaces.changelog.sqlite import LARGE, SWEPT, SqliteLog
from tests.changelog.reference import ReferenceLog
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
    first = await log.begin("one", b"head", some(b"a", b"b"))
    await log.append(first, 0, b"t0", b"x")
    await log.append(first, 1, b"t1", b"y")
    second = await log.begin("two", b"other", some())
    await log.close()
    log = reopen()
    assert [(one.name, one.generation, one.head) for one in await log.worlds()] == [
        ("one", first, b"head"),
        ("two", second, b"other"),
    ]
    assert await log.snapshot(first) == (0, [b"a", b"b"])
    assert await log.after(first, 0) == [(1, b"x"), (2, b"y")]
    assert await log.after(first, 1) == [(2, b"y")]
    assert (await log.snapshot(second), await log.after(second, 0)) == ((0, []), [])
    await log.append(first, 2, b"t2", b"z")
    assert [data for _, data in await log.after(first, 0)] == [b"x", b"y", b"z"]
    await log.close()


@pytest.mark.parametrize("position", [0, 2])
async def test_only_the_tail_takes_an_append(reopen: Callable[[], ChangeLog], position: int) -> None:
    """Who stands before the tail, or behind it, is refused, and nothing of theirs is stored."""
    log = reopen()
    world = await log.begin("one", b"", some())
    await log.append(world, 0, b"t", b"x")
    with pytest.raises(MovedError):
        await log.append(world, position, b"u", b"y")
    assert await log.after(world, 0) == [(1, b"x")]
    await log.close()


async def test_who_stands_behind_the_tail_is_told(reopen: Callable[[], ChangeLog]) -> None:
    """A position that the log does not have, as after it has lost something, is not taken for one without news."""
    log = reopen()
    world = await log.begin("one", b"", some())
    await log.append(world, 0, b"t", b"x")
    assert await log.after(world, 1) == []
    with pytest.raises(MovedError):
        await log.after(world, 2)
    with pytest.raises(MovedError):
        await log.compact(world, 2, some())
    assert await log.snapshot(world) == (0, [])
    await log.close()


async def test_a_world_with_another_state_is_another_generation(reopen: Callable[[], ChangeLog]) -> None:
    """Of a world that begins anew nothing older is left, and who stands in the older generation is told."""
    log = reopen()
    old = await log.begin("one", b"", some(b"a"))
    await log.append(old, 0, b"t", b"x")
    new = await log.begin("one", b"", some(b"b"))
    assert new > old
    assert [one.generation for one in await log.worlds()] == [new]
    assert (await log.snapshot(new), await log.after(new, 0)) == ((0, [b"b"]), [])
    for call in (log.append(old, 1, b"t", b"y"), log.snapshot(old), log.after(old, 0), log.compact(old, 1, some())):
        with pytest.raises(GoneError):
            await call
    await log.close()


async def test_a_dropped_world_stays_dropped(reopen: Callable[[], ChangeLog]) -> None:
    """A world that was dropped is told to be gone, not to be empty, and its name may begin a new one."""
    log = reopen()
    old = await log.begin("one", b"", some(b"a"))
    await log.append(old, 0, b"t", b"x")
    await log.drop("one", old)
    await log.close()
    log = reopen()
    assert await log.worlds() == []
    for call in (log.append(old, 1, b"t", b"y"), log.snapshot(old), log.after(old, 0)):
        with pytest.raises(GoneError):
            await call
    new = await log.begin("one", b"", some())
    await log.drop("one", old)  # not the generation of that world any more
    assert new != old
    assert [one.generation for one in await log.worlds()] == [new]
    await log.close()


async def test_a_snapshot_takes_the_place_of_what_came_before(reopen: Callable[[], ChangeLog]) -> None:
    """After compaction the snapshot and the tail are the whole history, and a reader behind it is told."""
    log = reopen()
    world = await log.begin("one", b"", some(b"a"))
    for number in range(SWEPT + 5):
        await log.append(world, number, b"t", b"%d" % number)
    await log.compact(world, SWEPT + 3, some(b"b", b"c"))
    await log.append(world, SWEPT + 5, b"t", b"z")
    await log.close()
    log = reopen()
    assert await log.snapshot(world) == (SWEPT + 3, [b"b", b"c"])
    assert [data for _, data in await log.after(world, SWEPT + 3)] == [b"%d" % (SWEPT + 3), b"%d" % (SWEPT + 4), b"z"]
    with pytest.raises(MovedError):
        await log.after(world, 0)
    await log.append(world, SWEPT + 6, b"t", b"!")
    await log.close()


async def test_compaction_stands_in_nobodys_way(reopen: Callable[[], ChangeLog]) -> None:
    """While a snapshot is taken others append, and nothing of it is lost."""
    log = reopen()
    world = await log.begin("one", b"", some(b"a"))
    await log.append(world, 0, b"t", b"0")

    async def slowly() -> AsyncIterator[bytes]:
        for number in range(1, 4):
            await log.append(world, number, b"t", b"%d" % number)
            yield b"part"

    await log.compact(world, 1, slowly())
    assert await log.snapshot(world) == (1, [b"part"] * 3)
    assert [data for _, data in await log.after(world, 1)] == [b"1", b"2", b"3"]
    await log.close()


async def test_a_state_that_is_given_up_halfway_never_was(reopen: Callable[[], ChangeLog]) -> None:
    """When the parts of a state break off, the world stays as it was."""
    log = reopen()
    world = await log.begin("one", b"", some(b"a"))

    async def broken() -> AsyncIterator[bytes]:
        yield b"b"
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await log.begin("one", b"", broken())
    with pytest.raises(RuntimeError, match="broken"):
        await log.compact(world, 0, broken())
    await log.append(world, 0, b"t", b"x")
    await log.close()
    log = reopen()
    assert (await log.snapshot(world), await log.after(world, 0)) == ((0, [b"a"]), [(1, b"x")])
    await log.close()


async def test_a_kill_in_the_middle_leaves_what_was_before(tmp_path: Path) -> None:
    """Whoever opens a file as it is while another state or a snapshot is being written finds the one before."""
    log, copies = SqliteLog(tmp_path / "mock.db"), 0
    world = await log.begin("one", b"", some(b"a"))
    await log.append(world, 0, b"t", b"x")
    sizes: list[list[int]] = []

    async def look() -> None:
        nonlocal copies
        copies += 1
        folder = tmp_path / str(copies)
        folder.mkdir()
        for name in ("mock.db", "mock.db-wal"):
            shutil.copy(tmp_path / name, folder / name)
        copy = SqliteLog(folder / "mock.db")
        assert [one.generation for one in await copy.worlds()] == [world]
        assert (await copy.snapshot(world), await copy.after(world, 0)) == ((0, [b"a"]), [(1, b"x")])
        sizes.append([copy._one("SELECT count(*) FROM parts"), copy._one("SELECT count(*) FROM changes")])
        await copy.close()

    async def watched() -> AsyncIterator[bytes]:
        for part in (b"b", b"c", b"d" * LARGE, b"e"):
            yield part
            await look()

    await log.compact(world, 0, watched())
    with pytest.raises(AssertionError):
        await look()  # now another one is there
    sizes.clear()
    world = await log.begin("one", b"", some(b"a"))
    await log.append(world, 0, b"t", b"x")
    await log.begin("one", b"", watched())
    assert sizes == [[1, 1]] * 4  # what was written in vain is swept away
    await log.close()


async def test_worlds_and_large_change_sets_do_not_mix(reopen: Callable[[], ChangeLog]) -> None:
    """Appends of several worlds at once, large and small, each end up whole in their own world."""
    log = reopen()
    worlds = [await log.begin(name, b"", some()) for name in ("one", "two", "three")]

    async def fill(world: int) -> None:
        for number in range(6):
            await log.append(world, number, b"t", b"%d" % world * (LARGE if number % 3 == 0 else 1))

    await asyncio.gather(*map(fill, worlds))
    for world in worlds:
        sizes = [len(data) for _, data in await log.after(world, 0) if set(data) == set(b"%d" % world)]
        assert sizes == [LARGE, 1, 1, LARGE, 1, 1]
    await log.close()
