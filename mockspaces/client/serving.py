"""Where a server comes from that a client starts: this process, or the Python of another environment."""

import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

START_LIMIT_S = 30.0  # what a server may need at most until it answers
VARIABLES = "MOCKSPACES_"
THREAD = "mockspaces"  # the name of the one that serves
LIBRARIES = ("mockspaces.realtime", "uvicorn.error", "uvicorn.access", "asyncio")
# Run by the other Python, so it may be of another version: ends the server when the process is gone that started it.
# The pipe on standard input tells at once; children that were forked from that process may hold it open.
WITH_ITS_PARENT = """
import os, select, signal, sys, threading
def watch(parent):
    while os.getppid() == parent and not select.select([0], [], [], 0.5)[0]:
        pass
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=watch, args=[int(sys.argv.pop(1))], daemon=True).start()
from mockspaces.cli import main
main(prog_name="mockspaces")
"""


class Served(Protocol):
    """A server that runs for this process."""

    url: str

    def stop(self) -> None:
        """End it."""


def started(python: str | None, options: Mapping[str, Any]) -> Served:
    """Start a server in this process, or under the Python of another environment if one is named.

    Where gevent or eventlet have replaced the threads, a server in this process would never get its turn: it runs
    in a process of its own then. Raises `ImportError` if the packages of the server are not installed here,
    `RuntimeError` if it does not start.
    """
    if python is None and _threads_are_replaced():
        python = sys.executable
    if python:
        return ServerProcess(python, options)
    from mockspaces import Config, Server

    server = Server(Config(**{"port": 0, **options}))
    _limit_log(options.get("log_level"))
    return server.start()


def _limit_log(level: str | None) -> None:
    """Keep the log of a server in this process out of the log of the tests: of its refusals the journal tells.

    Unless a level was asked for, or set for the logger ``mockspaces``, there are only its bugs.
    """
    ours = logging.getLogger("mockspaces")
    if level or ours.level == logging.NOTSET:
        ours.setLevel(level.upper() if level else logging.ERROR)
    for name in LIBRARIES:
        logging.getLogger(name).addFilter(_is_of_others)


def _is_of_others(record: logging.LogRecord) -> bool:
    """Whether a record does not come from our thread, or is about a bug: the code under test may use uvicorn too."""
    return record.threadName != THREAD or record.levelno >= logging.ERROR


def _threads_are_replaced() -> bool:
    gevent: Any = sys.modules.get("gevent.monkey")
    eventlet: Any = sys.modules.get("eventlet.patcher")
    if gevent and gevent.is_module_patched("threading"):
        return True
    return bool(eventlet and eventlet.is_monkey_patched("thread"))


class ServerProcess:
    """A server that runs under the Python of another environment, for as long as this process needs it."""

    def __init__(self, python: str, options: Mapping[str, Any]) -> None:
        """Start it and wait until it answers. Raises `RuntimeError` with its last words if it does not.

        It listens to ``options`` alone: variables that configure another mock of the same job are not for it.
        """
        self._owner = os.getpid()
        arguments = ["serve", *_arguments({"port": 0, **options})]
        command = [python, "-P", "-c", WITH_ITS_PARENT, str(self._owner), *arguments]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(VARIABLES)}
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - it lives as long as the process
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the user names the Python
                command,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
                start_new_session=True,  # Ctrl-C is for the tests; what they want to tell then is still to be asked for
            )
        except OSError as error:
            self._errors.close()
            raise RuntimeError(f"{python}: {error.strerror}") from None
        limit = threading.Timer(START_LIMIT_S, self._process.kill)
        limit.start()
        first = self._process.stdout.readline() if self._process.stdout else ""
        limit.cancel()
        self.url = first.removeprefix("ready ").split()[0] if first.startswith("ready ") else ""
        if not self.url:
            self.stop()
            raise RuntimeError(f"{python} -m mockspaces {' '.join(arguments)} did not start: {self.last_words}")

    def stop(self) -> None:
        """End it; in a child that was forked from the process that started it, leave it alone."""
        if os.getpid() != self._owner:
            return
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in filter(None, (self._process.stdin, self._process.stdout)):
            pipe.close()
        self._errors.seek(0)
        self.last_words = self._errors.read().strip()[-2000:]
        self._errors.close()


def _arguments(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield options of `Config` as those of ``mockspaces serve``."""
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        if name == "settings":
            for setting, wanted in value.items():
                yield from ("--set", f"{setting}={json.dumps(wanted)}")
        elif value is True:
            yield option
        elif value is not None and value is not False:  # a port may be 0
            yield from (option, str(value))
