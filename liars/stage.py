"""A mock, a liar before it, and the accounts at which profiles meet it as a service."""

import re
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Self

import httpx

from contract_tests.profiles import load, rehearsal
from liars.lie import PROFILES, Part

HERE = Path(__file__).parent
ROOT = HERE.parent
SHIPPED = ROOT / "contract_tests" / "targets" / "staging.toml"
ORIGIN = re.compile(r'"https://[\w.-]+(/api)?"')
RATE = re.compile(r"calls_per_minute = \d+")
LONGEST_START_S = 60


def text_of(name: Part) -> str:
    """Return the text of a profile."""
    path = SHIPPED if name == "staging" else HERE / "profiles" / f"{name}.toml"
    return path.read_text(encoding="utf-8")


class Stage:
    """A running mock with a liar before it; ``profiles`` are files, ``environment`` is what they name.

    Before each lie everything is as in the beginning: what one run did is no matter of the next.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = ExitStack()
        self.environment: dict[str, str] = {}
        self.profiles: dict[Part, Path] = {}

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    def _start(self) -> None:
        keys = self._folder / "keys"
        keys.mkdir(parents=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            behind = f"127.0.0.1:{free.getsockname()[1]}"
        self._proxy = self._process("-m", "liars.proxy", behind, str(keys))
        url = f"http://127.0.0.1:{self._line(self._proxy)}"
        port = behind.rpartition(":")[2]
        mock = self._process(
            "-m",
            "mockspaces",
            "serve",
            "--host",
            "127.0.0.1",
            "--port",
            port,
            "--public-url",
            url,
            "--log-level",
            "error",
        )
        self._line(mock)
        self._control = httpx.Client(base_url=f"http://{behind}/_mock", trust_env=False, timeout=LONGEST_START_S)
        self._open.enter_context(self._control)
        for name in PROFILES:
            self.profiles[name] = path = self._folder / f"{name}.toml"
            text = ORIGIN.sub(lambda found: f'"{url}{found[1] or ""!s}"', text_of(name))
            path.write_text(RATE.sub("calls_per_minute = 1000000", text), encoding="utf-8")
            profile = load(path, allow_production=False)
            self.environment |= rehearsal(
                profile, str(self._control.base_url).rstrip("/"), self._control, keys
            ).environment
        self._beginning = self._control.get("/snapshot").raise_for_status().json()

    def _process(self, *arguments: str) -> "subprocess.Popen[str]":
        process = self._open.enter_context(
            subprocess.Popen(  # noqa: S603 - our own interpreter with arguments of our own
                [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
            )
        )
        self._open.callback(process.terminate)
        return process

    @staticmethod
    def _line(process: "subprocess.Popen[str]") -> str:
        line = process.stdout.readline().strip() if process.stdout else ""
        if not line:
            raise RuntimeError("mock or proxy has ended")
        return line

    def tell(self, name: str) -> None:
        """Begin anew, and let the liar tell a lie."""
        self._control.put("/snapshot", json=self._beginning).raise_for_status()
        stdin: IO[str] | None = self._proxy.stdin
        if stdin is not None:
            stdin.write(f"{name}\n")
            stdin.flush()
        self._line(self._proxy)
