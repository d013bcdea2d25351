"""The cloud that a program is run against: workers, a balancer before those that may be several, and their log.

With a log in Redis each worker reaches it by a line of its own, which can be cut, slowed, or lose the half of what
goes through, or the answers to appends. Redis keeps its files when it is killed, and is somewhere else when it is
started again.
"""

import asyncio
import contextlib
import re
import shutil
import signal
import weakref
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL

from chaos.program import Program
from chaos.relay import LOOPBACK, Balancer, End, Relay
from chaos.served import Process, free_port

START_S = 10
POLL_S = 0.005
SHORT = 40  # bytes; what is no longer is not worth halving
APPEND = re.compile(rb"\r\n[^\r]*:changes:.*\r\n[^\r]*:news\r\n", re.DOTALL)  # keys that no other script has both of


class Redis:
    """A redis-server of this program alone."""

    def __init__(self, folder: Path, sync: str) -> None:
        """Keep files in a folder, given to the disk as ``sync`` says: always or everysec."""
        self.port = 0
        folder.mkdir()
        self._options = ["--dir", str(folder), "--bind", LOOPBACK, "--save", "", "--appendonly", "yes"]
        self._options += ["--appendfsync", sync]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it with the files that there are, and return when it answers."""
        self.port = free_port()
        program = shutil.which("redis-server") or "redis-server"
        options = ["--port", str(self.port), *self._options]
        self._process = await asyncio.create_subprocess_exec(program, *options, stdout=DEVNULL)
        async with asyncio.timeout(START_S):
            while not await self._answers():  # noqa: ASYNC110 - Redis tells nobody that it is ready
                await asyncio.sleep(POLL_S)

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
        except OSError:
            return False
        writer.write(b"PING\r\n")
        answer = await reader.readline()
        writer.close()
        return answer.startswith(b"+PONG")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it is there."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def kill(self) -> None:
        """End it as a crash would."""
        self.send(signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()


class Line(Relay):
    """Leads a worker to Redis, as well as it is told."""

    def __init__(self, port: int) -> None:
        """Lead to a port."""
        super().__init__([port])
        self.cut = False
        self.delay = 0.0
        self._halving = 0
        self._inward = False
        self._losing = 0
        self._unanswered = weakref.WeakSet[End]()
        self._held = weakref.WeakKeyDictionary[End, deque[bytes]]()

    def targets(self) -> list[int]:
        return [] if self.cut else super().targets()

    def halve(self, times: int, *, inward: bool) -> None:
        """Let only the half of the next pieces through that go to Redis, or come from there, and break behind it."""
        self._halving, self._inward = times, inward

    def lose(self, times: int) -> None:
        """Let Redis carry out the next appends, and break in the place of its answers."""
        self._losing = times

    def hand_on(self, end: End, data: bytes) -> None:
        if end in self._unanswered:  # it is Redis that speaks
            end.break_off()
            return
        if self._losing and not end.incoming and end.other is not None and APPEND.search(data):
            self._losing -= 1
            self._unanswered.add(end.other)
        if self._halving and end.incoming is not self._inward and len(data) > SHORT * self._inward:
            self._halving -= 1
            end.write(data[: len(data) // 2] or data)
            end.break_off()
            return
        held = self._held.setdefault(end, deque())
        if self.delay or held:
            held.append(data)
            asyncio.get_running_loop().call_later(self.delay, self._release, end)
        else:
            end.write(data)

    def _release(self, end: End) -> None:
        end.write(self._held[end].popleft())  # the oldest, so that a line that gets quicker keeps the order


class Cloud:
    """Processes and what they need, which can be ended, paused and cut off."""

    def __init__(self, program: Program, folder: Path, log: str, fault: str, sync: str) -> None:
        """Prepare for the workers of a program with a kind of log."""
        self._program, self._folder, self._fault = program, folder, fault
        self.redis = Redis(folder / "redis", sync) if log == "redis" else None
        self.balancer = Balancer([]) if self.redis else None  # by which a worker has the URL of those before it
        self.lines: list[Line] = []
        self.workers: list[Process] = []
        self._every: list[Process] = []

    async def start(self) -> None:
        """Start everything."""
        if self.redis is not None:
            await self.redis.start()
            self.lines = [Line(self.redis.port) for _ in range(self._program.workers)]
            for line in self.lines:
                await line.start()
        if self.balancer is not None:
            await self.balancer.start()
        await self.start_workers()

    async def stop(self) -> None:
        """End everything."""
        for process in self._every:
            process.send(signal.SIGKILL)
            await process.ended()
        for relay in [*self.lines, *([self.balancer] if self.balancer else [])]:
            await relay.stop()
        if self.redis is not None:
            await self.redis.kill()

    def said(self) -> list[str]:
        """Return what the processes have printed, beside where they serve, in the order of their starts."""
        lines = [line for process in self._every for line in process.said.splitlines()]
        return [line for line in lines if not line.startswith("ready ")]

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return f"http://{LOOPBACK}:{self.balancer.port}" if self.balancer else self.workers[0].url

    def log(self, line: Line | None = None) -> str:
        """Return the URL of the log, reached by a line or, for one in Redis, directly."""
        if self.redis is None:
            return f"sqlite://{self._folder}/mock.db"
        return f"redis://{LOOPBACK}:{(line or self.redis).port}/0"

    def process(self, worker: int = 0) -> Process:
        """Start a process."""
        program, out = self._program, self._folder / f"process{len(self._every)}"
        skew = program.skew if worker == program.workers - 1 else 0
        log = self.log(self.lines[worker] if self.lines else None)
        public = self.url if self.balancer else ""
        process = Process(log, out, program.compact, self._fault, skew=skew, public=public)
        self._every.append(process)
        return process

    async def start_workers(self, count: int = 0) -> None:
        """Start all workers, none of which is there, or only some of them."""
        self.workers = [self.process(number) for number in range(count or self._program.workers)]
        for process in self.workers:
            await self._ready(process)
        self._balance()

    async def start_again(self, worker: int) -> None:
        """Start another process in the place of a worker that has ended."""
        self.workers[worker] = self.process(worker)
        await self._ready(self.workers[worker])
        self._balance()

    async def _ready(self, process: Process) -> None:
        if not await process.ready():
            raise RuntimeError(f"a process does not start: {process.said}")

    def _balance(self) -> None:
        if self.balancer is not None:
            self.balancer.ports = [int(process.url.rpartition(":")[2]) for process in self.workers]

    async def restart_redis(self) -> None:
        """Start Redis again after its end."""
        if self.redis is not None:
            await self.redis.start()
            for line in self.lines:
                line.ports = [self.redis.port]

    @contextlib.contextmanager
    def paused(self, process: Process | Redis) -> Iterator[None]:
        """Let a process stand still."""
        process.send(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send(signal.SIGCONT)
