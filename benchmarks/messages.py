"""What messages cost: sending one beside a bare route, a page of very many beside a page of few, their memory."""

import asyncio
import gc
import json
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack

from benchmarks import load, sockets
from benchmarks.effort import Effort
from benchmarks.load import Rate, Target
from benchmarks.processes import FLOOR, MOCK, SOCKET_FLOOR, free_port, redis_server, run, server
from benchmarks.report import Figure, beside, ratios
from benchmarks.rest import ME, USER, ask
from mockspaces.client import Mockspaces
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.messaging import drafts, messages
from mockspaces.cloud.spaces import registration, spaces
from mockspaces.cloud.store.listing import Indexed
from mockspaces.cloud.views import message_views
from mockspaces.contract import Contract

ROUNDS, PAGE, KILOBYTE = 9, 30, 1024
POSTING = 8  # clients that post while the subscribers read
TEXT = "<p>Hello, this is a chat message of a usual length, I think.</p>"
BODY = json.dumps({"content": {"bodyText": TEXT}}).encode()


def chat(effort: Effort) -> list[Figure]:
    """POST chat with a bearer token, journal on, against a bare POST that parses and answers the same JSON."""
    with server(MOCK) as (url, pid), Mockspaces(url) as mock:
        target, answer = _chat(mock, pid)
        with server(FLOOR, answer) as (floor_url, floor_pid):
            floor = Target(floor_url, floor_pid, [load.post(f"{floor_url}/", BODY)])
            rates = run(load.in_turn(target, floor, effort=effort))
    return [beside("POST chat / bare POST", rates, budget=0.55, note=f"{len(answer)} B")]


def logged_chat(effort: Effort) -> list[Figure]:
    """POST chat and GET with each change log, against the same in memory.

    Whoever reads asks Redis what others did. The processor time of Redis itself is not counted.
    """
    with tempfile.TemporaryDirectory() as folder:
        figures = _logged("SQLite", f"sqlite://{folder}/mock.db", 0.6, None, effort)
    with redis_server() as url:
        return figures + _logged("Redis", url, 0.7, 0.75, effort)


def _logged(kind: str, log: str, budget: float, of_reading: float | None, effort: Effort) -> list[Figure]:
    with (
        server(MOCK) as (url, pid),
        server((*MOCK, "--log", log)) as (logged_url, logged_pid),
        Mockspaces(url) as mock,
        Mockspaces(logged_url) as logged,
    ):
        (floor, _), (target, _) = _chat(mock, pid), _chat(logged, logged_pid)
        rates = run(load.in_turn(target, floor, effort=effort))
        alone = run(load.in_turn(target, floor, effort=effort, connections=1))
        reading = [
            Target(one.url, of, [load.get(f"{one.url}{ME}", f"Authorization: Bearer {one.token(USER)}")])
            for one, of in ((logged, logged_pid), (mock, pid))
        ]
        read = run(load.in_turn(*reading, effort=effort))
    what = f"POST chat, {kind} log / in memory"
    figures = [beside(what, rates, budget=budget), beside(f"{what}, one client", alone, connections=1)]
    return [*figures, beside(f"GET, {kind} log / in memory", read, budget=of_reading)]


def two_workers(effort: Effort) -> list[Figure]:
    """POST chat by processor time with two workers of one cloud, each in its own world or both in one, against one."""
    with redis_server() as url, ExitStack() as stack:
        shared = (*MOCK, "--log", url, "--public-url", "http://127.0.0.1")

        def started(prefix: str) -> tuple[str, int]:
            port = free_port()
            _public, pid = stack.enter_context(server((*shared, "--port", str(port), "--log-prefix", prefix)))
            return f"http://127.0.0.1:{port}", pid

        alone, first, second = started("alone"), started("two"), started("two")
        apart = [_chat_of_worker(*first, "one"), _chat_of_worker(*second, "other")]
        both = apart[0], apart[0]._replace(url=second[0], pid=second[1])
        rates = run(_by_two([_chat_of_worker(*alone, "one")], apart, both, effort=effort))
    figures = []
    for where, budget, found in (("each its own world", 0.9, rates[1]), ("one world", 0.8, rates[2])):
        mock, floor = (statistics.median(rate.cpu for rate in one) * 1e6 for one in (found, rates[0]))
        answers = statistics.median(rate.answers for rate in found)
        figures.append(
            Figure(
                what=f"POST chat, one worker / two, {where}, by processor time",
                samples=ratios([rate.cpu for rate in rates[0]], [rate.cpu for rate in found]),
                budget=budget,
                more=True,
                note=f"{floor:.0f} and {mock:.0f} µs CPU, {answers:,.0f}/s, c={load.CONNECTIONS} at each",
            )
        )
    return figures


def _chat_of_worker(url: str, pid: int, world: str) -> Target:
    """Return a space of a world to post to, which is opened unless another worker has."""
    with Mockspaces(url) as mock:
        mock.call("POST", "/worlds", {"name": world})
    with Mockspaces(f"{url}/w/{world}") as mock:
        return _chat(mock, pid)[0]._replace(url=url)


async def _by_two(*cases: Sequence[Target], effort: Effort) -> list[list[Rate]]:
    """Measure cases in turn, the targets of each at once; a rate is that of all of them together."""
    rates: list[list[Rate]] = [[] for _ in cases]
    for _ in range(effort.rounds + 1):
        for measured, targets in zip(rates, cases, strict=True):
            found = await asyncio.gather(*(load.rate(one, effort.seconds) for one in targets))
            answers = sum(one.answers for one in found)
            measured.append(Rate(answers, sum(one.answers * one.cpu for one in found) / answers))
    return [measured[1:] for measured in rates]  # the first one warms up


def announced_chat(effort: Effort) -> list[Figure]:
    """POST chat to a space with many subscribed sockets, against a bare POST that emits to a room of as many."""
    with server(MOCK) as (url, pid), Mockspaces(url) as mock:
        target, answer = _chat(mock, pid)
        space = target.requests[0].partition(b"/spaces/")[2][:24].decode()
        listening = sockets.Target(url, 3, greeting=2, token=mock.token(USER), space=space)
        with server(SOCKET_FLOOR, answer) as (floor_url, floor_pid):
            floor = Target(floor_url, floor_pid, [load.post(f"{floor_url}/", BODY)])
            pairs = (target, listening), (floor, sockets.Target(floor_url, 4, greeting=1))
            rates = run(_announced(*pairs, effort=effort))
    note = f"{effort.subscribers} subscribers"
    return [beside("POST chat to subscribers / POST that emits", rates, connections=POSTING, note=note)]


async def _announced(*targets: tuple[Target, sockets.Target], effort: Effort) -> list[list[Rate]]:
    listeners = [client for _, target in targets for client in await target.clients(effort.subscribers)]
    try:
        return await load.in_turn(*(posts for posts, _ in targets), effort=effort, connections=POSTING)
    finally:
        for client in listeners:
            client.close()


def _chat(mock: Mockspaces, pid: int) -> tuple[Target, bytes]:
    """Return a space to post to, and what a post is answered with."""
    authorization = f"Bearer {mock.token(USER)}"
    made = json.loads(ask(f"{mock.url}/api/spaces/invite", authorization, b'{"topic": {"title": "Room"}}'))
    url = f"{mock.url}/api/spaces/{made['data'][0]['topicId']}/chats"
    target = Target(mock.url, pid, [load.post(url, BODY, f"Authorization: {authorization}")])
    return target, ask(url, authorization, BODY)


def pages(effort: Effort) -> list[Figure]:
    """The time of a page in the middle of many messages over that of few, and the memory of one message.

    The messages are planted by the operation behind the calls, without HTTP; so are the pages read.
    """
    return [*asyncio.run(_pages(effort)), asyncio.run(_memory(effort))]


async def _pages(effort: Effort) -> list[Figure]:
    few, *more = [(count, await _filled(count)) for count in effort.messages]
    gc.collect()
    return [await _longer(few, many, effort) for many in more]


Filled = tuple[int, Callable[[], Awaitable[object]]]


async def _longer(few: Filled, many: Filled, effort: Effort) -> Figure:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for (_, page), measured in zip((few, many), times, strict=True):
            measured.append(await _time(page, effort.pages))
    here, there = (sorted(measured)[ROUNDS // 2] * 1e6 for measured in times)
    note = f"{here:.0f} µs of {few[0]:,}, {there:.0f} µs of {many[0]:,}, CPU time, without HTTP"
    what = f"list page at {many[0]:,} / at {few[0]:,} messages"
    return Figure(what=what, samples=ratios(times[1], times[0]), budget=1.1, note=note)


async def _memory(effort: Effort) -> Figure:
    tracemalloc.start()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    kept = await _filled(effort.weighed)
    gc.collect()
    weight = (tracemalloc.get_traced_memory()[0] - before) / effort.weighed / KILOBYTE
    tracemalloc.stop()
    del kept
    note = f"{len(TEXT)} characters each, indexes included, over {effort.weighed:,} messages"
    return Figure(what="memory per message", samples=(weight,), budget=1.5, unit="KB", note=note)


async def _filled(count: int) -> Callable[[], Awaitable[object]]:
    """Return what shows the middle page of a space with so many messages."""
    world = World("bench", Origins("http://127.0.0.1"), contract=Contract.shipped())
    author = await registration.create_user(world, "ann@example.com")
    space = await spaces.create(world, author, "Room")
    for _ in range(count):
        # A text of its own, as the decoder makes it for every request.
        await messages.put_new(world, author, space, drafts.Draft(category="chat", text=TEXT[:1] + TEXT[1:]))
    middle_one = (await world.state.messages.page("space", space.id, offset=count // 2, limit=1))[0]
    listing = Indexed(world.state.messages, "space", space.id, descending=True)

    async def page() -> object:
        found = await listing.near(listing.place(middle_one), limit=PAGE, after=True)
        return [await message_views.listed(world, world.origins, one) for one in found]

    return page


async def _time(page: Callable[[], Awaitable[object]], pages: int) -> float:
    begin = time.process_time()
    for _ in range(pages):
        await page()
    return (time.process_time() - begin) / pages
