"""The line to Redis: whose an answer is, and what becomes of those who wait when it breaks."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from hiredis import Reader
from redis.exceptions import NoScriptError, ResponseError

from mockspaces.changelog.line import AwayError, Line, Place
from tests.changelog.servers import RedisServer, free_port
from tests.changelog.test_redis import until
from tests.conftest import SOON_S


class Fake:
    """A server of the loopback that answers what it is told to, once it is told to."""

    def __init__(self) -> None:
        self.packets: list[list[list[bytes]]] = []  # the commands that came together
        self.connections: list[asyncio.StreamWriter] = []
        self.answers = True

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        parser = Reader()
        while packet := await reader.read(2**16):
            parser.feed(packet)
            commands = []
            while (command := parser.gets()) is not False:
                commands.append(command)
            self.packets.append(commands)
            if self.answers:
                self.say(b"".join(b"+%s\r\n" % command[-1] for command in commands))

    def say(self, text: bytes) -> None:
        self.connections[-1].write(text)

    def close(self) -> None:
        self._server.close()
        for one in self.connections:
            one.close()


@pytest.fixture
async def fake() -> AsyncIterator[Fake]:
    fake = Fake()
    yield fake
    fake.close()


def place(port: int, *, database: int = 0, password: str | None = None, answer_s: float = SOON_S) -> Place:
    return Place("127.0.0.1", port, database, None, password, None, answer_s)


async def began(fake: Fake, answer_s: float = SOON_S, hear: Callable[[list[bytes]], None] | None = None) -> Line:
    """Return a line that is open, to a server that answers no more."""
    line = Line(place(await fake.start(), answer_s=answer_s), hear)
    await line.ask("PING", "open")
    fake.answers = False
    fake.packets.clear()
    return line


async def sent(fake: Fake, count: int) -> None:
    """Wait until the server has so many commands."""
    await until(lambda: sum(map(len, fake.packets)) >= count)


async def test_who_asks_at_once_shares_a_packet(fake: Fake) -> None:
    """Commands of one turn of the loop leave together, before any is answered, and each gets its own answer."""
    line = await began(fake)
    asked = asyncio.gather(*(line.ask("ECHO", number) for number in range(3)))
    await sent(fake, 3)
    assert fake.packets == [[[b"ECHO", b"0"], [b"ECHO", b"1"], [b"ECHO", b"2"]]]
    fake.say(b"+0\r\n+1\r\n+")
    fake.say(b"2\r\n")
    assert await asked == [b"0", b"1", b"2"]
    await line.close()


async def test_who_asks_meanwhile_shares_the_opening(fake: Fake) -> None:
    """Whoever asks before the line is open waits for the same connection, also when one of them is cancelled."""
    line = Line(place(await fake.start()))
    first, *others = [asyncio.create_task(line.ask("ECHO", number)) for number in range(3)]
    await asyncio.sleep(0)
    first.cancel()
    assert await asyncio.gather(*others) == [b"1", b"2"]
    assert len(fake.connections) == 1
    await line.close()


async def test_who_is_cancelled_disturbs_nobody(fake: Fake) -> None:
    """The answer to a caller who has left is taken by nobody else."""
    line = await began(fake)
    leaving, staying = (asyncio.create_task(line.ask("ECHO", name)) for name in ("leaving", "staying"))
    await sent(fake, 2)
    leaving.cancel()
    fake.say(b"+leaving\r\n+staying\r\n")
    assert await staying == b"staying"
    await line.close()


async def test_a_server_that_does_not_answer_is_given_up(fake: Fake) -> None:
    """All who wait are told that their commands may have arrived; the next one opens the line anew."""
    line = await began(fake, answer_s=0.2)
    found = await asyncio.gather(*(line.ask("ECHO", number) for number in range(2)), return_exceptions=True)
    assert [(str(one), getattr(one, "sent", None)) for one in found] == [("it does not answer", True)] * 2
    with pytest.raises(AwayError, match=r"^it does not answer$") as refused:  # not even when it is opened
        await line.ask("ECHO", "unsent")
    assert not refused.value.sent
    fake.answers = True
    assert await line.ask("ECHO", "again") == b"again"
    await line.close()


async def test_an_answer_in_time_gives_the_next_its_own(fake: Fake) -> None:
    """Who asks later is not given up for the time that an earlier one has taken."""
    line = await began(fake, answer_s=0.4)
    first = asyncio.create_task(line.ask("ECHO", "first"))
    await asyncio.sleep(0.3)
    second = asyncio.create_task(line.ask("ECHO", "second"))
    await sent(fake, 2)
    fake.say(b"+first\r\n")
    assert await first == b"first"
    await asyncio.sleep(0.2)
    fake.say(b"+second\r\n")
    assert await second == b"second"
    await line.close()


@pytest.mark.parametrize("said", [b"nothing of Redis\r\n", b"-ERR max number of clients reached\r\n"])
async def test_what_nobody_asked_for_ends_the_connection(fake: Fake, said: bytes) -> None:
    """After what cannot be an answer to anything, no later one is taken for that of somebody else."""
    line = await began(fake, answer_s=SOON_S * 2)
    fake.say(said)
    async with asyncio.timeout(SOON_S):
        await line.silent()
    fake.answers = True
    assert await line.ask("ECHO", "mine") == b"mine"
    assert len(fake.connections) == 2
    await line.close()


async def test_what_comes_by_itself_is_heard(fake: Fake) -> None:
    """News comes between answers, and silence is noticed."""
    heard: list[list[bytes]] = []
    line = await began(fake, 0.2, heard.append)
    fake.say(b"*1\r\n$3\r\none\r\n")
    fake.say(b"*1\r\n$3\r\ntwo\r\n")
    async with asyncio.timeout(SOON_S):
        await line.silent()
    assert heard == [[b"one"], [b"two"]]
    await line.close()


async def test_refusals_are_those_of_redis(redis_server: RedisServer) -> None:
    """A command that is refused is told from one whose script is missing; the line stays."""
    line = Line(place(redis_server.port))
    with pytest.raises(NoScriptError):
        await line.ask("EVALSHA", "0" * 40, 0)
    with pytest.raises(ResponseError, match=r"^unknown command"):
        await line.ask("NONSENSE")
    assert await line.ask("ECHO", "x") == b"x"
    await line.close()


async def test_who_is_loading_has_done_nothing(fake: Fake) -> None:
    """A Redis that reads its files has not carried a command out."""
    line = await began(fake)
    asked = asyncio.create_task(line.ask("SET", "a", "b"))
    await sent(fake, 1)
    fake.say(b"-LOADING Redis is loading the dataset in memory\r\n")
    with pytest.raises(AwayError, match=r"^Redis is reading its files$") as refused:
        await asked
    assert not refused.value.sent
    await line.close()


async def test_a_line_says_who_it_is_and_what_it_wants(other_server: Callable[..., RedisServer]) -> None:
    """The password and the database are those of the address; what is refused there was not sent."""
    server = other_server("--requirepass", "right")
    line = Line(place(server.port, database=3, password="right"))
    assert b" db=3 " in await line.ask("CLIENT", "INFO")
    await line.close()
    for wrong, why in ((place(server.port), "it wants a password"), (place(server.port, password="x"), "it refuses")):
        with pytest.raises(AwayError, match=why) as refused:
            await Line(wrong).ask("PING")
        assert not refused.value.sent


async def test_nobody_is_cancelled_by_the_end(fake: Fake) -> None:
    """Whoever waits when a line is closed is told that it is, whether it was open or not."""
    line = await began(fake)
    asked = asyncio.create_task(line.ask("ECHO", "x"))
    await sent(fake, 1)
    await line.close()
    opening = asyncio.create_task(line.ask("ECHO", "x"))
    await sent(fake, 2)
    await line.close()
    for task, came in ((asked, True), (opening, False)):
        with pytest.raises(AwayError, match=r"^the mock is stopping$") as refused:
            await task
        assert refused.value.sent is came


async def test_where_nobody_is_nothing_was_sent() -> None:
    """A connection that is refused has carried nothing."""
    with pytest.raises(AwayError) as refused:
        await Line(place(free_port())).ask("PING")
    assert not refused.value.sent
