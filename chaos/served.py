"""Processes that a program is run against, forked from one that has everything loaded, and what can be done to them."""

import asyncio
import contextlib
import importlib
import multiprocessing
import os
import resource
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import mockspaces.cli
from chaos import faults
from chaos.relay import LOOPBACK
from mockspaces.changelog import keeper, sqlite

START_S = 30
END_S = 15
# What a process imports late; here it is loaded once for all that are forked.
LOADED = (
    "mockspaces.app",
    "mockspaces.changelog.redis",
    "mockspaces.cloud.kernel.rsa",
    "mockspaces.realtime.surface",
    "mockspaces.server.http",
    "mockspaces.server.websocket",
    "uvicorn.loops.uvloop",
    "uvicorn.lifespan.on",
)
REFUSED = 2  # the exit code of a process that cannot have the log
_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["chaos.served"])
for _name in LOADED:
    importlib.import_module(_name)


def serve(options: list[str], out: str, compact: int, log: str, fault: str, skew: int) -> None:
    """Be ``mockspaces serve`` from now on, with a clock that is wrong by ``skew`` seconds; output goes to a file.

    Ends with the process that runs programs.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()
    file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    if compact:
        keeper.COMPACT_BYTES = compact
        sqlite.CHECKPOINT_BYTES = compact
    if skew:
        right = time.time
        time.time = lambda: right() + skew
    faults.install(log, fault)
    sys.argv = ["mockspaces", "serve", *options]
    mockspaces.cli.main()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def free_port() -> int:
    """Return a port of this machine that nobody has."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


class Process:
    """One process that serves, or that was refused the log."""

    def __init__(self, log: str, out: Path, compact: int, fault: str, *, skew: int = 0, public: str = "") -> None:
        """Start it, with a clock that is wrong by ``skew`` seconds, for clients who reach it by a ``public`` URL."""
        port = free_port() if public else 0
        options = ["--port", str(port), "--log", log, "--log-level", "error"]
        options += ["--public-url", public] if public else []
        self._out = out
        self._process = _forking.Process(
            target=serve, args=(options, str(out), compact, log.partition(":")[0], fault, skew), daemon=True
        )
        self._process.start()
        self.url = ""
        self._own = f"http://{LOOPBACK}:{port}" if port else ""  # what it prints is the public one

    @property
    def said(self) -> str:
        """What it has printed."""
        return self._out.read_text(encoding="utf-8") if self._out.exists() else ""

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid or 0

    async def ready(self) -> bool:
        """Wait until it serves; False if it ends instead."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            for line in self.said.splitlines(keepends=True):
                if line.startswith("ready ") and line.endswith("\n"):
                    self.url = self._own or line.split()[1]
                    return True
            if self._process.exitcode is not None:
                return False
            await asyncio.sleep(0.005)
        raise TimeoutError(f"the process does not begin to serve within {START_S} s: {self.said}")

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self._process.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def limit(self, size: int) -> None:
        """Let none of its files grow beyond a size; -1 is no limit."""
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    async def ended(self) -> int:
        """Wait for its end and return its exit code."""
        until = time.monotonic() + END_S
        while (code := self._process.exitcode) is None:
            if time.monotonic() > until:
                self.send(signal.SIGKILL)
                raise TimeoutError(f"the process does not end within {END_S} s of a signal")
            await asyncio.sleep(0.005)
        self._process.join()
        return code
