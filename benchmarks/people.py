"""python -m benchmarks.people: many people at once, as in the vendor's load test.

They sign in or come as guests, go through what a client asks before it shows a room, connect, subscribe, say that they
are online, and then read, chat, tell their presence and send heartbeats. Every room is the personal room of somebody
registered; with them are strangers, who are registered but were never invited, and guests without an account.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode, urlsplit

from benchmarks import load, sockets
from benchmarks.effort import Effort
from benchmarks.processes import MOCK, cpu_seconds, resident_mb, run, server
from benchmarks.report import Figure
from mockspaces.client import Mockspaces

PEOPLE, CALLS = 9_400, 2_160  # connected at once, and calls a second: the size of the vendor's test
MOST_PEOPLE, MOST_SECONDS = 15_000, 3_600  # a process may have 20,000 open files on most machines
ROOM, REGISTERED = 10, 5  # people of a room, and how many of them have an account; its owner is the first
CONNECTIONS = 400  # that calls are made on, since a generator with one for each person would be the bottleneck
PING_S, CHAT_S, PRESENCE_S = 10, 60, 60  # how often each person does it over their socket
PATIENCE_S = 30
SETTLED_S = 1.5  # what the server prepares in the background is done, and frames have come
MARK = b"sent at "
ONLINE, TYPING = "app.event.presence.party.online", "party.typing"
NO_MEETING = 404  # what a client hears that asks for the meeting of a room where there is none
PERCENTILES = (0.5, 0.95, 0.99)

Headers = tuple[str, ...]


class Times:
    """How long what took, in seconds, and what went wrong."""

    def __init__(self) -> None:
        """Begin now."""
        self.began = time.perf_counter()
        self.of: dict[str, array[float]] = {}
        self.errors: Counter[str] = Counter()
        self.calls = 0
        self.frames = 0

    def add(self, what: str, seconds: float) -> None:
        """Put one down."""
        if what not in self.of:
            self.of[what] = array("d")
        self.of[what].append(seconds)

    def percentile(self, what: str, part: float) -> float:
        """Return how long, in milliseconds, that part of them took at most; 0 if there were none."""
        found = sorted(self.of.get(what, ()))
        return found[min(len(found) - 1, int(len(found) * part))] * 1000 if found else 0.0


class Connection(asyncio.Protocol):
    """A keep-alive connection that carries one call at a time."""

    def __init__(self) -> None:
        """Begin without a call."""
        self._answer: asyncio.Future[bytes] | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to write."""
        self._transport = cast("asyncio.WriteTransport", transport)

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        async with asyncio.timeout(PATIENCE_S):
            whole = await self._answer
        return int(whole[9:12]), whole.partition(load.END_OF_HEAD)[2]

    def data_received(self, data: bytes) -> None:
        """Hand an answer over that is complete."""
        self._buffer += data
        if load.is_complete(self._buffer) and self._answer and not self._answer.done():
            self._answer.set_result(self._buffer)
            self._buffer = b""

    def close(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """Say so to who waits."""
        if self._answer and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("the server closed the connection"))


class Crowd:
    """All people, and what they share: the server, the connections for calls, what is measured."""

    def __init__(self, url: str) -> None:
        """Begin with nobody."""
        self.url = url
        self.times = Times()
        self.free: deque[Connection] = deque()
        self.room = asyncio.Semaphore(CONNECTIONS)
        self.present: list[Person] = []

    async def ask(self, what: str, request: bytes, *, good: Sequence[int] = (200,)) -> Any:
        """Make a call and return its JSON; how long it took and whether it was refused is put down.

        Raises `TimeoutError` if no answer comes, `OSError` if the connection breaks.
        """
        began = time.perf_counter()
        async with self.room:
            connection = self.free.pop() if self.free else await self._connect()
            try:
                status, body = await connection.ask(request)
            except TimeoutError:
                connection.close()  # its answer may come yet
                raise TimeoutError(f"{what} is not answered within {PATIENCE_S} s") from None
            self.free.append(connection)
        self.times.calls += 1
        self.times.add("call", time.perf_counter() - began)
        if status not in good:
            self.times.errors[f"{what}: {status} {body[:80].decode('utf-8', 'replace')}"] += 1
            return {}
        return json.loads(body)

    async def _connect(self) -> Connection:
        parts = urlsplit(self.url)
        loop = asyncio.get_running_loop()
        _transport, connection = await loop.create_connection(Connection, parts.hostname or "", parts.port or 80)
        return connection


class Ears(sockets.Client):
    """The socket of a person, who hears what is said."""

    def __init__(self, url: str, person: "Person") -> None:
        """Connect to a ``ws`` URL with query."""
        super().__init__(url)
        self._person = person
        self.pinged = 0.0
        self.subscribed = False

    def came(self, frame: bytes) -> None:
        """Measure an answer to a heartbeat and a chat, and answer whoever says that they are online."""
        times = self._person.crowd.times
        times.frames += 1
        if frame[2:] == b"3":
            times.add("heartbeat", time.perf_counter() - self.pinged)
        elif (at := frame.find(MARK)) > 0:
            sent = frame[at + len(MARK) :]
            times.add("chat to receiver", time.perf_counter() - float(sent[: sent.index(b" ")]))
        elif b"CHANNEL_SUBSCRIBED" in frame:
            self.subscribed = True
        elif ONLINE.encode() in frame and b'"receivers":[{' not in frame:
            self._person.greet(json.loads(frame[frame.index(b"[") :])[1]["sender"])


class Person:
    """Somebody in a room."""

    def __init__(self, crowd: Crowd, number: int) -> None:
        """Be the person of this number; the first ones of each room have an account."""
        self.crowd = crowd
        self.number = number
        self.host = f"user{number - number % ROOM}@people.example"
        self.registered = number % ROOM < REGISTERED
        self.id = self.space = ""
        self.ears: Ears | None = None
        self._headers: Headers = ()
        self.settled = asyncio.Event()  # inside, or not let in

    def get_request(self, path: str) -> bytes:
        """Return a GET of this person as it goes over the wire."""
        return load.get(f"{self.crowd.url}/api/{path}", *self._headers)

    def post_request(self, path: str, body: Mapping[str, Any]) -> bytes:
        """Return a POST of this person as it goes over the wire."""
        return load.post(f"{self.crowd.url}/api/{path}", json.dumps(body).encode(), *self._headers)

    async def _get(self, path: str, good: Sequence[int] = (200,)) -> Any:
        return await self.crowd.ask(f"GET {path.rpartition('/')[2]}", self.get_request(path), good=good)

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return await self.crowd.ask(f"POST {path.rpartition('/')[2]}", self.post_request(path, body))

    async def live(self, calls: float) -> None:
        """Come in, and go on with so many calls a second until cancelled."""
        try:
            await self.come_in()
        except (AssertionError, KeyError, TimeoutError, OSError) as error:  # whoever is not let in stays away
            self.crowd.times.errors[f"not let in: {type(error).__name__} {error}"] += 1
            return
        finally:
            self.settled.set()
        while True:
            await asyncio.sleep(random.expovariate(calls))
            try:
                await self._act()
            except (TimeoutError, OSError) as error:
                self.crowd.times.errors[f"{type(error).__name__} {error}"] += 1

    async def come_in(self) -> None:
        """Do what a client does until it shows a room."""
        began = time.perf_counter()
        if self.registered:
            signing = {"auth_type": "native", "auth_provider": "onesna", "password": "secret"}
            signing["username"] = f"user{self.number}@people.example"
            token = (await self._post("1.0/jwt/get_jwt_token", signing))["token"]
        else:
            token = (await self._post("anonymous/auth", {"displayname": f"Guest {self.number}", "username": ""}))[
                "token"
            ]
        self._headers = (f"Authorization: jwt {token}",)
        self.id = (await self._get("users/me"))["_id"]
        for path in ("service-configurations", "flavor", "users/me/settings"):
            await self._get(path)
        self.space = (await self._get(f"users/meetingroom/{self.host}"))["data"]["_id"]
        room = f"spaces/{self.space}"
        for path in ("join", "members", "messages/byref?size=30", "ideas", "tasks", "meetings"):
            await self._get(f"{room}/{path}")
        await self._get(f"{room}/activemeeting", good=(200, NO_MEETING))
        await self._get(f"mediasessions/mpaas/token/{self.space}")
        await self._connect(token)
        self.crowd.times.add("join", time.perf_counter() - began)
        self.crowd.present.append(self)

    async def _connect(self, token: str) -> None:
        query = urlencode({"token": token, "tokenType": "jwt", "EIO": "3", "transport": "websocket"})
        self.ears = Ears(f"{self.crowd.url.replace('http', 'ws', 1)}/socket.io/?{query}", self)
        await self.ears.connect()
        await self.ears.until(2)
        self.ears.send("40/chat")
        await self.ears.until(3)
        assert self.ears.last[2:] == b"40/chat", self.ears.last
        self.emit("SUBSCRIBE_CHANNEL", {"channel": {"_id": self.space, "type": "topic"}})
        await self.ears.until(4)
        assert self.ears.subscribed, self.ears.last
        self.emit("SEND_PRESENCE_EVENT", self._presence(ONLINE))

    def emit(self, event: str, payload: Mapping[str, Any]) -> None:
        """Send an event."""
        if self.ears:
            self.ears.send(f"42/chat,{json.dumps([event, payload])}")

    def _presence(self, category: str, *receivers: Mapping[str, str]) -> Mapping[str, Any]:
        content = {"desktop": True, "idle": False, "offline": False, "role": "guest"}
        return {"category": category, "topicId": self.space, "content": content, "receivers": receivers}

    def greet(self, newcomer: Mapping[str, str]) -> None:
        """Tell somebody new that one is here, as clients do (RT-PRES-06)."""
        if newcomer["_id"] != self.id:
            receiver = {"_id": newcomer["_id"], "type": newcomer["type"]}
            self.emit("SEND_PRESENCE_EVENT", self._presence(ONLINE, receiver))

    async def _act(self) -> None:
        """Make one of the calls of somebody who is in a room."""
        room = f"spaces/{self.space}"
        chosen = random.random()
        if chosen < 0.05:
            text = f"{MARK.decode()}{time.perf_counter()} by call"
            await self._post(f"{room}/chats", {"content": {"bodyText": text}})
        elif chosen < 0.2:
            await self._post(f"users/me/{room}/markread", {})
        elif chosen < 0.5:
            await self._get(f"{room}/messages/byref?size=30")
        elif chosen < 0.7:
            await self._get(f"{room}/members")
        elif chosen < 0.85:
            await self._get("users/me/spaces")
        else:
            await self._get("users/me")

    def chat(self) -> None:
        """Say something over the socket."""
        text = f"{MARK.decode()}{time.perf_counter()} by socket"
        self.emit("SEND_MESSAGE", {"category": "chat", "topicId": self.space, "content": {"bodyText": text}})

    def beat(self) -> None:
        """Send a heartbeat."""
        if self.ears:
            self.ears.pinged = time.perf_counter()
            self.ears.send("2")

    def type(self) -> None:
        """Tell that one is typing."""
        self.emit("SEND_PRESENCE_EVENT", self._presence(TYPING))


async def _regularly(crowd: Crowd, every: float, act: str) -> None:
    """Let each person do something once in so many seconds, all of them spread over that time."""
    step, at, due = 0.02, 0.0, time.perf_counter()
    while True:
        due += step
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        before, at = at, at + step * len(crowd.present) / every
        for number in range(int(before), int(at)):
            getattr(crowd.present[number % len(crowd.present)], act)()


class Stage(NamedTuple):
    """What a stage of the run found."""

    name: str
    seconds: float
    times: Times
    cpu: float  # seconds that the server used
    own: float  # and the generator

    @property
    def calls(self) -> float:
        """Calls a second."""
        return self.times.calls / self.seconds

    def told(self) -> Iterator[str]:
        """Yield lines for people."""
        calls, frames = self.calls, self.times.frames / self.seconds
        yield (
            f"{self.name}: {self.seconds:.0f} s, {calls:,.0f} calls/s, {frames:,.0f} frames/s to sockets, "
            f"server {self.cpu / self.seconds:.2f} cores ({self.cpu / max(1, self.times.calls) * 1e6:.0f} µs a call, "
            f"frames included), generator {self.own / self.seconds:.2f} cores"
        )
        for what, found in sorted(self.times.of.items()):
            shown = ", ".join(f"p{part * 100:.0f} {self.times.percentile(what, part):.1f}" for part in PERCENTILES)
            yield f"  {what}: {len(found):,}, {shown}, longest {max(found) * 1000:.1f} ms"
        told = "".join(f"; {times} x {what}" for what, times in self.times.errors.most_common(5))
        yield f"  errors: {sum(self.times.errors.values()):,}{told}"


class Run(NamedTuple):
    """The stages of a run, how many were present in its end, and what the server says of itself."""

    ramp: Stage
    hold: Stage
    present: int
    resident: float
    counted: Mapping[str, float]

    def told(self) -> str:
        """Return the run for people."""
        stops, stopped, computed = (
            self.counted[f"mockspaces_loop_{name}_total"]
            for name in ("stops", "stopped_seconds", "stopped_cpu_seconds")
        )
        lines = [*self.ramp.told(), *self.hold.told()]
        lines.append(f"{self.present:,} people present, server {self.resident:.0f} MB resident")
        lines.append(f"stops of the loop: {stops:.0f}, {stopped:.1f} s in all, of which it computed {computed:.1f} s")
        return "\n".join(lines)


@contextmanager
def seed_file(people: int) -> Iterator[Path]:
    """Write a seed with everybody who has an account, none of them in a company."""
    users = [
        {"username": f"user{number}@people.example", "password": "secret", "displayname": f"Name {number}"}
        for number in range(people)
        if number % ROOM < REGISTERED
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seed.json"
        path.write_text(json.dumps({"users": users}), encoding="utf-8")
        yield path


def measured(people: int, ramp: float, hold: float, calls: float, options: Sequence[str] = ()) -> Run:
    """Let so many people come within ``ramp`` seconds and stay for ``hold``; together they make ``calls`` a second."""
    with seed_file(people) as seed:
        command = (*MOCK, "--log-level", "error", "--seed", str(seed), *options)
        with server(command) as (url, pid), Mockspaces(url) as mock:
            found = run(_measured(Crowd(url), pid, people, ramp, hold, calls / people))
            return found._replace(resident=resident_mb(pid), counted=_counted(mock.metrics()))


def _counted(text: str) -> Mapping[str, float]:
    """Return the metrics of the process by name."""
    lines = [line.split() for line in text.splitlines() if not line.startswith("#") and "{" not in line]
    return {name: float(value) for name, value in lines}


async def _measured(crowd: Crowd, pid: int, people: int, ramp: float, hold: float, calls: float) -> Run:
    acts = ((PING_S, "beat"), (CHAT_S, "chat"), (PRESENCE_S, "type"))
    regular = [asyncio.create_task(_regularly(crowd, every, act)) for every, act in acts]
    lives: list[asyncio.Task[None]] = []

    async def come() -> None:
        began = time.perf_counter()
        everybody = [Person(crowd, number) for number in range(people)]
        for one in everybody:
            await asyncio.sleep(max(0.0, began + ramp * one.number / people - time.perf_counter()))
            lives.append(asyncio.create_task(one.live(calls)))
        for one in everybody:
            await one.settled.wait()

    ramped = await _stage("ramp", crowd, pid, come())
    held = await _stage("hold", crowd, pid, asyncio.sleep(hold))
    for task in (*regular, *lives):
        task.cancel()
    await asyncio.gather(*regular, *lives, return_exceptions=True)
    return Run(ramped, held, len(crowd.present), 0.0, {})


async def _stage(name: str, crowd: Crowd, pid: int, work: Coroutine[None, None, None]) -> Stage:
    crowd.times = times = Times()
    used, own = cpu_seconds(pid), time.process_time()
    await work
    seconds = time.perf_counter() - times.began
    return Stage(name, seconds, times, cpu_seconds(pid) - used, time.process_time() - own)


def profile(effort: Effort) -> list[Figure]:
    """The vendor's load profile in small, at its ratio of calls to people."""
    found = measured(effort.people, effort.ramp, effort.hold, CALLS * effort.people / PEOPLE)
    hold = found.hold
    errors = sum(found.ramp.times.errors.values()) + sum(hold.times.errors.values())
    note = (
        f"{found.present:,} people, {hold.calls:,.0f} calls/s, {hold.times.frames / hold.seconds:,.0f} frames/s, "
        f"server {hold.cpu / hold.seconds:.2f} cores, {errors} errors"
    )
    each = hold.cpu / max(1, hold.times.calls) * 1e6
    figures = [Figure(what="load profile, CPU for each call and its frames", samples=(each,), unit="µs", note=note)]
    for what in hold.times.of:  # in a short run nobody may have said anything
        late = hold.times.percentile(what, 0.95)
        figures.append(Figure(what=f"load profile, {what}, p95", samples=(late,), unit="ms"))
    return figures


def costs(effort: Effort) -> list[Figure]:
    """What the server computes for each thing that a person in a full room does."""
    with seed_file(3 * ROOM) as seed, server((*MOCK, "--log-level", "error", "--seed", str(seed))) as (url, pid):
        return run(_costs(Crowd(url), pid, effort))


async def _costs(crowd: Crowd, pid: int, effort: Effort) -> list[Figure]:
    everybody = [Person(crowd, number) for number in range(3 * ROOM)]
    for one in everybody[:ROOM]:
        await one.come_in()
    await asyncio.sleep(SETTLED_S)
    used = cpu_seconds(pid)
    for one in everybody[ROOM:]:
        await one.come_in()
    await asyncio.sleep(SETTLED_S)
    came = (cpu_seconds(pid, rests=True) - used) / (2 * ROOM)
    found: dict[str, list[float]] = {f"coming in, with the greetings of {ROOM} in a room": [came]}
    who, room = everybody[0], everybody[:ROOM]
    requests = {
        "GET /users/me": who.get_request("users/me"),
        "GET /users/me/spaces": who.get_request("users/me/spaces"),
        "GET members": who.get_request(f"spaces/{who.space}/members"),
        "POST markread": who.post_request(f"users/me/spaces/{who.space}/markread", {}),
    }
    events = {"heartbeat": who.beat, f"presence told to {ROOM}": who.type, f"chat told to {ROOM}": who.chat}
    for _ in range(effort.rounds):
        for what, request in requests.items():
            rate = await load.rate(load.Target(crowd.url, pid, [request]), effort.seconds)
            found.setdefault(what, []).append(rate.cpu)
        for what, act in events.items():
            found.setdefault(what, []).append(await _each(pid, [who] if act == who.beat else room, act, effort.burst))
    page = who.get_request(f"spaces/{who.space}/messages/byref?size=30")  # of a room where much was said
    for _ in range(effort.rounds):
        rate = await load.rate(load.Target(crowd.url, pid, [page]), effort.seconds)
        found.setdefault("GET 30 messages", []).append(rate.cpu)
    return [
        Figure(what=f"cost of {what}", samples=tuple(one * 1e6 for one in samples), unit="µs CPU")
        for what, samples in found.items()
    ]


async def _each(pid: int, everybody: Sequence[Person], act: Callable[[], None], times: int) -> float:
    """Return what one of many events costs, until the frames that follow have come to everybody."""
    ears = [one.ears for one in everybody if one.ears]
    wanted, used = [one.frames + times for one in ears], cpu_seconds(pid)
    for _ in range(times):
        act()
    await asyncio.gather(*(one.until(frames) for one, frames in zip(ears, wanted, strict=True)))
    return (cpu_seconds(pid, rests=True) - used) / times


def main() -> None:
    """Run the profile once and print what it found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.people", description="The vendor's load profile.")
    parser.add_argument("--people", type=int, default=1_000, help=f"at once, at most {MOST_PEOPLE} (default: 1000)")
    parser.add_argument("--ramp", type=float, default=20, help="seconds in which they come (default: 20)")
    parser.add_argument("--hold", type=float, default=30, help="seconds that they stay (default: 30)")
    parser.add_argument("--calls", type=float, help="a second, of all (default: 0.23 of each, as in the vendor's test)")
    parser.add_argument("options", nargs="*", metavar="-- OPTION", help="options of mockspaces serve")
    chosen = parser.parse_args()
    calls = CALLS * chosen.people / PEOPLE if chosen.calls is None else chosen.calls
    if not 1 <= chosen.people <= MOST_PEOPLE:
        parser.error(f"--people: from 1 to {MOST_PEOPLE}")
    if not (0 < chosen.ramp <= MOST_SECONDS and 0 < chosen.hold <= MOST_SECONDS):
        parser.error(f"--ramp and --hold: at most {MOST_SECONDS} seconds")
    if calls <= 0:
        parser.error("--calls: more than none")
    found = measured(chosen.people, chosen.ramp, chosen.hold, calls, chosen.options)
    print(found.told())
    sys.exit(any(stage.times.errors for stage in (found.ramp, found.hold)))


if __name__ == "__main__":
    main()
