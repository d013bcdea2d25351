"""Several workers on one port: a process that starts them, watches them, replaces them, and serves nobody itself.

How this works. The sockets are bound before the first worker is forked, so all workers listen at the same ones, and
the system gives each connection to whoever takes it first. What waits in their queue when a worker ends is taken by
another. The first worker starts alone: a wrong option or a Redis that is away is told once, in its words and with its
exit code, and one worker seeds the worlds that all will have.

From then on nothing but a signal ends the supervisor. Whenever a worker is missing another one is forked, at once if
the last one lived for a while, else after a pause that doubles. SIGHUP asks for one more than are wanted, and each time
that it is there an old one is let go, until none is left. A worker that does not end in time is killed.

A worker is a process group of its own, since Ctrl-C at a terminal goes to a whole group, and it ends when its
supervisor does, by whatever.
"""

import asyncio
import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import wait
from types import FrameType

Work = Callable[[Callable[[], None]], None]

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 10
STEADY_S = 10  # a worker that lived for so long did not die of its start
READY = b"ready"
END_LIMIT_S = 5.0  # a worker ends within a second, unless it is stopped or stuck
STOPPING = (signal.SIGTERM, signal.SIGINT)
HEARD = (*STOPPING, signal.SIGHUP)

logger = logging.getLogger("mockspaces")


class Worker:
    """A process that serves; ``ready`` once it does, ``until`` a moment by which it has to end, if it is let go."""

    def __init__(self, work: Work) -> None:
        """Fork it; signals that come meanwhile reach it when it has forgotten what the supervisor does about them."""
        forking = multiprocessing.get_context("fork")
        self.told, telling = forking.Pipe(duplex=False)
        self.process = forking.Process(target=_serve, args=(work, telling.send_bytes))
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            telling.close()
        self.since = time.monotonic()
        self.ready = False
        self.until: float | None = None

    def let_go(self) -> None:
        """Ask it to end in its usual way."""
        self.until = time.monotonic() + END_LIMIT_S
        self.process.terminate()

    def look(self) -> None:
        """Hear whether it is ready, and kill it if it should have ended."""
        if not self.ready and self.told.poll():
            with contextlib.suppress(EOFError):  # it has ended instead
                self.ready = self.told.recv_bytes() == READY
                logger.info("worker %d serves", self.process.pid)
        if self.until is not None and time.monotonic() > self.until:
            self.process.kill()


def _serve(work: Work, tell: Callable[[bytes], None]) -> None:
    """Be a worker from now on."""
    os.setpgrp()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in STOPPING:
        signal.signal(number, lambda *_: sys.exit(0))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)

    def ready() -> None:
        loop, parent = asyncio.get_running_loop(), multiprocessing.parent_process()
        if parent is not None:
            loop.add_reader(parent.sentinel, orphaned, parent.sentinel)
        tell(READY)

    def orphaned(sentinel: int) -> None:
        asyncio.get_running_loop().remove_reader(sentinel)
        signal.raise_signal(signal.SIGTERM)

    work(ready)


class Supervisor:
    """Keeps workers running until it is told to stop."""

    def __init__(self, count: int, work: Work) -> None:
        """Let ``count`` processes do the work, which is to serve and to call what it is given once it does."""
        self._count, self._work = count, work
        self._workers: list[Worker] = []
        self._old: list[Worker] = []  # those that are still to be replaced
        self._begun = False  # all were ready once
        self._stopping = False
        self._code = 0
        self._pause, self._not_before = 0.0, 0.0

    def run(self, on_ready: Callable[[], None]) -> int:
        """Serve until SIGINT or SIGTERM; return the exit code, that of a worker if they could not begin."""
        with self._signals() as wakeup:
            while True:
                self._fill()
                self._wait(wakeup)
                for worker in [*self._workers]:
                    worker.look()
                    if worker.process.exitcode is not None:
                        self._ended(worker, worker.process.exitcode)
                if self._stopping and not self._workers:
                    return self._code
                ready = sum(worker.ready and worker.until is None for worker in self._workers)
                if self._old and ready > self._count:
                    self._old.pop(0).let_go()
                if ready >= self._count and not self._begun:
                    self._begun = True
                    on_ready()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[socket.socket]:
        """Hear signals, and yield what becomes readable at each."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.settimeout(0)
            signal.set_wakeup_fd(theirs.fileno())
            before = {number: signal.signal(number, self._heard) for number in HEARD}
            try:
                yield ours
            finally:
                signal.set_wakeup_fd(-1)
                for number, handler in before.items():
                    signal.signal(number, handler)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._old = [worker for worker in self._workers if worker.until is None]
        else:
            self._stop()

    def _stop(self) -> None:
        self._stopping = True
        for worker in self._workers:
            if worker.until is None:
                worker.let_go()

    def _fill(self) -> None:
        """Start what is missing, unless that has to wait."""
        alone = not self._begun and not any(worker.ready for worker in self._workers)
        wanted = 1 if alone else self._count + bool(self._old)
        while time.monotonic() >= self._not_before and not self._stopping:
            if sum(worker.until is None for worker in self._workers) >= wanted:
                return
            self._workers.append(Worker(self._work))

    def _wait(self, wakeup: socket.socket) -> None:
        """Return when a signal has come, a worker is ready or has ended, or a moment is there that was waited for."""
        now = time.monotonic()
        moments = [worker.until for worker in self._workers if worker.until is not None]
        if self._not_before > now and not self._stopping:
            moments.append(self._not_before)
        starting = [worker.told for worker in self._workers if not worker.ready]
        sentinels = [worker.process.sentinel for worker in self._workers]
        timeout = max(0, min(moments) - now) if moments else None
        if wakeup in wait([wakeup, *starting, *sentinels], timeout):
            wakeup.recv(1024)

    def _ended(self, worker: Worker, code: int) -> None:
        """Forget a worker; think about when to start another, or give up if the first ones could not begin."""
        self._workers.remove(worker)
        if worker in self._old:
            self._old.remove(worker)
        worker.told.close()
        how = f"was ended by signal {-code}" if code < 0 else f"has ended with exit code {code}"
        if worker.until is not None:
            logger.info("worker %d %s", worker.process.pid, how)
        elif code and not self._begun:
            logger.info("worker %d %s before it served", worker.process.pid, how)
            self._code = code if code > 0 else 128 - code
            self._stop()
        else:
            lived = time.monotonic() - worker.since
            self._pause = 0 if lived > STEADY_S else min(2 * self._pause or FIRST_PAUSE_S, LONGEST_PAUSE_S)
            self._not_before = time.monotonic() + self._pause
            level = logging.WARNING if code else logging.INFO
            logger.log(level, "worker %d %s, another one starts in %g s", worker.process.pid, how, self._pause)
