"""Where a server comes from that a client starts: this process, or the Python of another environment."""

import subprocess
import tempfile
import threading
from collections.abc import Mapping
from typing import Any, Protocol

PATIENCE_S = 30.0  # what a server may need at most until it answers


class Served(Protocol):
    """A server that runs for this process."""

    url: str

    def stop(self) -> None:
        """End it."""


def embedded(options: Mapping[str, Any]) -> Served:
    """Start a server in this process. Raises `ImportError` if its packages are not installed."""
    from mockspaces import Config, Server

    return Server(Config(**{"port": 0, **options})).start()


class ServerProcess:
    """A server that runs under the Python of another environment, for as long as this process needs it."""

    def __init__(self, python: str, options: Mapping[str, Any]) -> None:
        """Start it and wait until it answers. Raises `RuntimeError` with its last words if it does not."""
        named = {"port": 0, **options}
        arguments = [word for name, value in named.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        command = [python, "-P", "-m", "mockspaces", "serve", *arguments]
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - it lives as long as the process
        try:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._errors, text=True)  # noqa: S603 - the user names the Python
        except OSError as error:
            self._errors.close()
            raise RuntimeError(f"{python}: {error.strerror}") from None
        impatience = threading.Timer(PATIENCE_S, self._process.kill)
        impatience.start()
        first = self._process.stdout.readline() if self._process.stdout else ""
        impatience.cancel()
        self.url = first.removeprefix("ready ").split()[0] if first.startswith("ready ") else ""
        if not self.url:
            self.stop()
            raise RuntimeError(f"{' '.join(command)} did not start: {self.last_words}")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._errors.seek(0)
        self.last_words = self._errors.read().strip()[-2000:]
        self._errors.close()
