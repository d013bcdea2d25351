"""Processes that begin with their modules loaded: each is forked from one that does nothing but load them.

A test of a whole process mostly is about what it says and how it ends, not about half a second of imports. Such a
process has arguments, environment, folder, files, signals and an exit code of its own, and ends like any interpreter.
What has been imported, and when, only a fresh interpreter can show.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import marshal
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
STUB = Path(__file__).with_name("forking_stub.py")
FILES = 3  # standard input, output and error
HELD = 0  # the end of a pipe that is held by who has started this process
NUMBER = 4  # bytes of each number that is told
LOADED = (
    "mockspaces.cli",
    "mockspaces.client",
    "mockspaces.client.story",
    "mockspaces.pytest_plugin",
    "mockspaces.realtime.surface",
    "mockspaces.server.tls",
    "pytest",
)


def loaded(module: str) -> tuple[str, ...]:
    """Return how to start ``python -m module`` with everything loaded; where that cannot be done, as it is."""
    if not hasattr(os, "pidfd_open"):  # only Linux has it
        return sys.executable, "-m", module
    return sys.executable, "-I", "-S", str(STUB), _listening(), module


@functools.cache
def _listening() -> str:
    """Start the process that the others are forked from, and return its socket; it ends with this process."""
    folder = tempfile.TemporaryDirectory(prefix="forking", ignore_cleanup_errors=True)
    path = f"{folder.name}/socket"
    process = subprocess.Popen(
        (sys.executable, "-m", __name__, path),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the tests
    )
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"

    def end() -> None:
        process.communicate()
        folder.cleanup()

    atexit.register(end)
    return path


def load() -> None:
    """Import what nearly every process of the tests does."""
    from _pytest.config import default_plugins  # noqa: PLC0415 - for the process that others are forked from

    for name in (*LOADED, *(f"_pytest.{name}" for name in default_plugins)):
        importlib.import_module(name)
    anyio = importlib.import_module("anyio")
    anyio.__doc__ = "PYTEST_DONT_REWRITE"  # it is a plugin too, and pytest would warn that it is here already
    gc.collect()
    gc.freeze()  # or a collection in a child would copy all of it


def wanted(path: str) -> str:
    """Wait for whom to fork for; return the module that is wanted, in the process that is to run it."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("ready", flush=True)  # noqa: T201 - for who has started this process
        while listener.fileno() in select.select([listener.fileno(), HELD], [], [])[0]:
            connection, _ = listener.accept()
            if not os.fork():
                break
            connection.close()
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:  # those that have told how theirs has ended
                    pass
        else:
            sys.exit()
    return _began(connection)


def _began(connection: socket.socket) -> str:
    """Fork once more: this process stays to tell how the other ends, and to end it when nobody is left to hear it."""
    first, files, _, _ = socket.recv_fds(connection, NUMBER, FILES)
    with connection.makefile("rb") as reader:
        module, arguments, folder, environment = marshal.loads(reader.read(int.from_bytes(first)))  # noqa: S302 - ours
    process = os.fork()
    if process:
        for file in (*files, *range(FILES)):
            os.close(file)
        connection.sendall(process.to_bytes(NUMBER))
        handle = os.pidfd_open(process)
        if handle not in select.select([handle, connection.fileno()], [], [])[0]:
            os.kill(process, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        with contextlib.suppress(OSError):
            connection.sendall(code.to_bytes(NUMBER, signed=True))
        os._exit(0)
    connection.close()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever a run in the background has inherited
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environb.update(environment)
    sys.argv[:] = [module, *arguments]
    sys.path.insert(0, os.fsdecode(folder))
    return str(module)


if __name__ == "__main__":
    load()
    runpy.run_module(wanted(sys.argv[1]), run_name="__main__", alter_sys=True)
