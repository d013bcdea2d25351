"""Workers in memory, which know nothing of each other: what is tried is how they begin, end, and are replaced.

Arguments: how many there are, and how those do that are started ``before`` and ``after`` all have served.
"""

import logging
import os
import signal
import sys
from collections.abc import Callable

from mockspaces import logs
from mockspaces.config import Config
from mockspaces.server import Listening, Server, supervisor

count, before, after = sys.argv[1:]
supervisor.END_LIMIT_S = 0.5
logs.configure("info")
logging.getLogger("mockspaces.access").setLevel(logging.ERROR)
listening = Listening(Config(port=0, tls=True, tls_port=0))
begun = False


def work(on_ready: Callable[[], None]) -> None:
    """Serve, or do what a worker should not."""
    manner = after if begun else before
    if manner == "refuses":
        sys.stderr.write("this cannot be had\n")
        sys.exit(3)
    if manner == "crashes":
        os.kill(os.getpid(), signal.SIGKILL)
    Server(Config(tls=True), listening).run(on_ready)


def ready() -> None:
    """Say it, and let workers do otherwise from now on."""
    global begun  # noqa: PLW0603 - a process of its own
    begun = True
    sys.stdout.write(f"ready {listening.url} {listening.secure_url}\n")
    sys.stdout.flush()


sys.exit(supervisor.Supervisor(int(count), work).run(ready))
