"""The contract suite on processes of their own behind a balancer: ``pytest contract_tests --log redis --workers 3``.

Each connection is given to another process than the one before, and worlds are reached by prefix. ``--workers 1``
without a log is the same way to one process in memory: what fails there fails for that way, and not for the log.
"""

import contextlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.relay import balanced
from mockspaces.config import url_of
from tests.changelog.servers import RedisServer, free_port
from tests.forking import loaded

LOOPBACK = "127.0.0.1"
PORTS = "worlds have no ports behind a balancer"
# Tests that cannot pass in this way, whatever the log, and why: how their names begin behind contract_tests/.
IMPOSSIBLE = {
    "control/test_control.py::test_the_mocks_own_page_may_call[localhost]": "its own port is not that of the balancer",
    "control/test_edges.py::test_nothing_leads_to_a_dropped_world_or_past_it": PORTS,
    "control/test_worlds.py::test_a_dropped_world_is_gone_by_every_way": PORTS,
    "control/test_worlds.py::test_a_world_can_hand_out_the_names_of_the_vendor[port]": PORTS,
    "control/test_worlds.py::test_a_world_can_hand_out_the_names_of_the_vendor[prefix]": PORTS,
    "control/test_worlds.py::test_the_same_world_answers_by_port_and_by_prefix": PORTS,
    "rest/test_transport.py::test_what_cannot_be_read_is_refused_as_anything_else": (
        "what cannot be read has no prefix, and is in the journal of the default world"
    ),
}
# As before, for several workers alone: what is seen depends on which of them happens to be asked.
PER_WORKER = {
    **{
        f"control/test_metrics.py::test_{name}": "each worker counts by itself"
        for name in (
            "a_reset_takes_nothing_back",
            "calls_are_counted_by_endpoint_and_status",
            "planned_statuses_do_not_fill_the_list",
            "the_process_is_told_of",
            "refused_events_are_counted_by_code",
            "sockets_and_their_events_are_counted",
            "what_clients_make_up_is_no_label",
            "worlds_are_apart",
        )
    },
    "control/test_worlds.py::test_a_world_can_hand_out_the_names_of_the_vendor": "a worker hands them out by itself",
    "realtime/test_messages.py::test_a_post_over_rest_has_left_before_its_answer": "sockets of others hear later",
}


def unable(name: str, workers: int) -> pytest.MarkDecorator | None:
    """Return how a test is marked that cannot pass; one that would pass by chance, or leave something, is not run."""
    behind = name.partition("contract_tests/")[2]
    for tests, run in ((IMPOSSIBLE, True), (PER_WORKER if workers > 1 else {}, False)):
        for beginning, why in tests.items():
            if behind.startswith(beginning):
                return pytest.mark.xfail(reason=why, strict=True, run=run)
    return None


def running(kind: str | None, count: int, folder: Path, cleanup: Callable[[Callable[[], None]], None]) -> str:
    """Start processes that share a log of a kind, if any; return the URL of their balancer. ``cleanup`` ends all."""
    ending = contextlib.ExitStack()
    cleanup(ending.close)
    log = "none"
    if kind == "sqlite":
        log = f"sqlite://{folder}/mock.db"
    elif kind == "redis":
        server = RedisServer(folder)
        ending.callback(server.kill)
        log = server.url
    ports = [free_port() for _ in range(count)]
    url = url_of(LOOPBACK, ending.enter_context(balanced(ports)))
    for port in ports:
        options = ("--port", str(port), "--public-url", url, "--log", log)
        command = [*loaded("mockspaces"), "serve", *options]
        process = ending.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        ending.callback(process.kill)
        assert process.stdout
        assert process.stdout.readline().startswith("ready "), "the process has ended, and said why"
    return url
