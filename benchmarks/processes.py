"""Servers in processes of their own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOCK = (sys.executable, "-m", "mockspaces", "serve", "--port", "0")
FLOOR = (sys.executable, "-m", "benchmarks.floor")


@contextmanager
def server(command: tuple[str, ...], given: bytes = b"") -> Iterator[tuple[str, int]]:
    """Run a server that prints ``ready URL``; yields its URL and process id."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own commands
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(given)
        process.stdin.close()
        line = process.stdout.readline().decode().split()
        assert line[:1] == ["ready"], line
        yield line[1], process.pid
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024
