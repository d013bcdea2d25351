"""What is counted, in the text format of Prometheus (version 0.0.4)."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec
from starlette.responses import Response

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.counts import OTHER
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.worlds.worlds import Worlds
from mockspaces.contract.events import SERVER_EVENTS
from mockspaces.control.call import ControlCall, Handlers

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
UNKNOWN = "unknown"  # the endpoint of a call to no path of ours
OWN_MEMORY = Path("/proc/self/statm")  # Linux alone tells what a process has now; others tell what it had at most

Labels = tuple[tuple[str, str], ...]
Samples = Mapping[Labels, float]


class Family(msgspec.Struct, frozen=True):
    """Samples of one name: what kind they are of, what they mean, and where they come from."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    of_world: Callable[[World], Samples] | None = None
    of_process: Callable[[Worlds], Samples] | None = None


def _calls(world: World) -> Samples:
    found: Counter[Labels] = Counter()
    for (endpoint, event, status, _code), times in world.journal.counts.entries():
        if event is None and (endpoint or status):
            found[("endpoint", endpoint or UNKNOWN), ("status", str(status or OTHER))] += times
    return found


def _events(world: World) -> Samples:
    found: Counter[Labels] = Counter()
    for (endpoint, event, status, _code), times in world.journal.counts.entries():
        if event is not None or not (endpoint or status):
            direction = "out" if event in SERVER_EVENTS else "in"
            found[("direction", direction), ("event", event or OTHER)] += times
    return found


def _refusals(world: World) -> Samples:
    found: Counter[Labels] = Counter()
    for (_endpoint, _event, _status, code), times in world.journal.counts.entries():
        if code is not None:
            found[(("code", code),)] += times
    return found


def _sockets(world: World) -> Samples:
    return {(("protocol", str(version)),): world.journal.counts.sockets[version] for version in (3, 4)}


def _resident(_worlds: Worlds) -> Samples:
    try:
        pages = int(OWN_MEMORY.read_text(encoding="ascii").split()[1])
    except OSError:
        return {}
    return {(): pages * os.sysconf("SC_PAGE_SIZE")}


def _version(_worlds: Worlds) -> Samples:
    from mockspaces import __version__  # noqa: PLC0415 - a fact of the package, read when asked

    return {(("version", __version__),): 1}


FAMILIES = (
    Family("mockspaces_calls_total", "counter", "Calls of the emulated cloud, by endpoint id and status.", _calls),
    Family("mockspaces_refusals_total", "counter", "Calls and events that were refused, by code.", _refusals),
    Family("mockspaces_sockets", "gauge", "Open sockets, by the version of their Engine.IO.", _sockets),
    Family(
        "mockspaces_socket_events_total",
        "counter",
        "Events that came from sockets or went to them, one for each socket; other is what has no name of ours.",
        _events,
    ),
    Family(
        "mockspaces_commits_total",
        "counter",
        "Transactions that changed something.",
        lambda world: {(): world.transactions.committed},
    ),
    Family(
        "mockspaces_followed_total",
        "counter",
        "Change sets of other workers that were taken over from the log.",
        lambda world: {(): world.transactions.followed},
    ),
    Family(
        "mockspaces_conflicts_total",
        "counter",
        "Calls that ran again, since another worker had changed the world first.",
        lambda world: {(): world.transactions.repeated},
    ),
    Family(
        "mockspaces_lag",
        "gauge",
        "Change sets of other workers that were found at the last look into the log.",
        lambda world: {(): world.transactions.lag},
    ),
    Family(
        "mockspaces_journal_entries", "gauge", "Entries that the journal keeps.", lambda world: {(): len(world.journal)}
    ),
    Family(
        "mockspaces_journal_dropped_total",
        "counter",
        "Entries that the journal had no room for, since it was last cleared.",
        lambda world: {(): world.journal.dropped},
    ),
    Family("mockspaces_worlds", "gauge", "Worlds that are open.", of_process=lambda worlds: {(): len(worlds)}),
    Family(
        "mockspaces_loop_stops_total",
        "counter",
        "How often nobody was served for more than 0.1 seconds.",
        of_process=lambda worlds: {(): worlds.stops.count},
    ),
    Family(
        "mockspaces_loop_stopped_seconds_total",
        "counter",
        "How long all these stops took.",
        of_process=lambda worlds: {(): worlds.stops.seconds},
    ),
    Family(
        "mockspaces_loop_stopped_cpu_seconds_total",
        "counter",
        "How much of that the mock computed; otherwise the machine did not let it run.",
        of_process=lambda worlds: {(): worlds.stops.cpu},
    ),
    Family("mockspaces_info", "gauge", "The version of the mock.", of_process=_version),
    Family(
        "process_cpu_seconds_total",
        "counter",
        "Processor time of the process, user and system.",
        of_process=lambda _worlds: {(): time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)},
    ),
    Family("process_resident_memory_bytes", "gauge", "Resident memory of the process.", of_process=_resident),
)


async def metrics(call: ControlCall) -> object:
    """Return counts of this world, or of all that are open, and what the process uses."""
    if unknown := [name for name in call.query if name != "worlds"]:
        raise invalid(unknown[0], "no such parameter; there is only worlds=all")
    if call.query.get("worlds", "all") != "all":
        raise invalid("worlds", "expected all, or nothing for this world")
    chosen = [hosted.world for hosted in call.worlds] if call.query else [call.world]
    told: list[str] = []
    for family in FAMILIES:
        told += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}"]
        if family.of_process:
            told += lines(family.name, (), family.of_process(call.worlds))
        for world in chosen:
            if family.of_world is None:
                break
            told += lines(family.name, (("world", world.name),), family.of_world(world))
            await asyncio.sleep(0)  # of many worlds it takes a while
    return Response("\n".join([*told, ""]), media_type=MEDIA_TYPE)


def lines(name: str, labels: Labels, samples: Samples) -> Iterator[str]:
    """Yield samples of one name, each with ``labels`` before its own."""
    for own, value in sorted(samples.items()):
        shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in (*labels, *own))
        yield f"{name}{{{shown}}} {value!r}" if shown else f"{name} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


HANDLERS: Handlers = {
    "CTRL-METRICS": Handler(metrics),
}
