import time
from collections.abc import Callable, Mapping

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mockspaces.client import Mockspaces
from mockspaces.cloud.kernel.counts import MOST, Counts
from mockspaces.cloud.kernel.journal import Entry
from mockspaces.control.metrics import FAMILIES, lines
from mockspaces.server import Server

HOLD_S = 0.4


def samples(mock: Mockspaces) -> Mapping[str, float]:
    """Return the samples without labels, as Prometheus reads them."""
    families = text_string_to_metric_families(mock.metrics())
    return {one.name: one.value for family in families for one in family.samples if not one.labels}


def test_prometheus_reads_what_is_told() -> None:
    """Its own parser finds every family, with kind and meaning, and no sample that belongs to none."""
    with Server() as server, Mockspaces(server.url) as mock:
        mock.call("GET", "/health")
        told = list(text_string_to_metric_families(mock.metrics()))
    assert [(one.name, one.type, one.documentation) for one in told] == [
        (family.name.removesuffix("_total"), family.kind, family.help) for family in FAMILIES
    ]
    assert {sample.name for one in told for sample in one.samples} <= {family.name for family in FAMILIES}


def test_labels_are_escaped() -> None:
    """Quotes, backslashes and ends of lines come out of the parser as they went in."""
    text = 'a"b\\c\nd\\n{},= ü'
    told = "\n".join(lines("x_total", (("world", text),), {(("code", text[::-1]),): 3, (("code", ""),): 0.5}))
    found = [one for family in text_string_to_metric_families(f"{told}\n") for one in family.samples]
    assert [(one.labels, one.value) for one in found] == [
        ({"world": text, "code": ""}, 0.5),
        ({"world": text, "code": text[::-1]}, 3),
    ]


def test_what_is_counted_is_bounded() -> None:
    """Whatever clients and planned faults make up, there is a most of keys, and nothing is lost of the sum."""
    counts = Counts()
    for number in range(MOST + 100):
        counts.add(Entry(endpoint="USERS-ME", status=number))
        counts.add(Entry(event=f"event {number}", connections=(("127.0.0.1", number),) * 2))
        counts.add(Entry(event="MESSAGE_SENT", code=f"code {number}", connections=(("127.0.0.1", number),)))
    found = counts.entries()
    assert len(found) <= MOST + 2
    assert sum(times for _key, times in found) == 4 * (MOST + 100)


def compute(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@pytest.mark.parametrize(("hold", "computed"), [(time.sleep, False), (compute, True)])
def test_a_held_loop_is_noticed(hold: Callable[[float], None], *, computed: bool) -> None:
    """A stop is counted with about its length, and apart from that how much of it the loop has computed."""
    with Server() as server, Mockspaces(server.url) as mock:
        mock.call("GET", "/health")
        loop = next(iter(server._server.server_state.connections)).loop
        before = samples(mock)
        time.sleep(0.2)
        loop.call_soon_threadsafe(hold, HOLD_S)
        time.sleep(HOLD_S)
        after = samples(mock)
    assert after["mockspaces_loop_stops_total"] > before["mockspaces_loop_stops_total"]
    stopped, used = (
        after[name] - before[name]
        for name in ("mockspaces_loop_stopped_seconds_total", "mockspaces_loop_stopped_cpu_seconds_total")
    )
    assert stopped > HOLD_S - 0.1
    assert (used > HOLD_S / 2) is computed
