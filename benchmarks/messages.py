"""What messages cost: sending one beside a bare route, a page of very many beside a page of few, their memory."""

import asyncio
import gc
import json
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from urllib.request import Request, urlopen

from benchmarks import load
from benchmarks.processes import FLOOR, MOCK, server
from benchmarks.report import Figure, ratio
from benchmarks.rest import in_turn, middle, run
from mockspaces.client import Mockspaces
from mockspaces.cloud import drafts, message_views, messages, people, spaces
from mockspaces.cloud.listing import Indexed
from mockspaces.cloud.world import Origins, World
from mockspaces.contract import Contract

FEW, MANY = 1_000, 1_000_000
PAGES, ROUNDS, PAGE = 100, 9, 30
WEIGHED = 50_000
TEXT = "<p>Hello, this is a chat message of a usual length, I think.</p>"
KILOBYTE = 1024


def chat() -> list[Figure]:
    """POST chat with a bearer token, journal on, against a bare POST that parses and answers the same JSON."""
    body = json.dumps({"content": {"bodyText": TEXT}}).encode()
    with server(MOCK) as (mock_url, _), Mockspaces(mock_url) as mock:
        authorization = f"Bearer {mock.token('cleo@example.com')}"
        made = _post(f"{mock_url}/api/spaces/invite", b'{"topic": {"title": "Room"}}', authorization)
        url = f"{mock_url}/api/spaces/{json.loads(made)['data'][0]['topicId']}/chats"
        answer = _post(url, body, authorization)
        with server(FLOOR, answer) as (floor_url, _):
            header = f"Authorization: {authorization}"
            targets = (url, load.post(url, body, header)), (f"{floor_url}/", load.post(f"{floor_url}/", body, header))
            values, floors = run(in_turn(*targets))
    note = f"{len(answer)} B, floor {middle(floors):.0f}/s, mock {middle(values):.0f}/s, c={load.CONNECTIONS}"
    return [Figure(what="POST chat / bare POST", measured=ratio(values, floors), budget=0.45, more=True, note=note)]


def _post(url: str, body: bytes, authorization: str) -> bytes:
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    with urlopen(Request(url, data=body, headers=headers)) as answer:  # noqa: S310 - our own server
        found: bytes = answer.read()
    return found


def pages() -> list[Figure]:
    """The time of a page in the middle of very many messages over that of few, and the memory of one message."""
    return [asyncio.run(_pages()), asyncio.run(_memory())]


async def _pages() -> Figure:
    few, many = await _filled(FEW), await _filled(MANY)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for found, measured in zip((few, many), times, strict=True):
            measured.append(await _time(found))
    share = sorted(slow / fast for fast, slow in zip(*times, strict=True))[ROUNDS // 2]
    note = f"{middle(times[0]) * 1e6:.0f} us of {FEW}, {middle(times[1]) * 1e6:.0f} us of {MANY}, without HTTP"
    return Figure(what="list page at 1 M / at 1 k messages", measured=share, budget=1.3, more=False, note=note)


async def _memory() -> Figure:
    tracemalloc.start()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    kept = await _filled(WEIGHED)
    gc.collect()
    weight = (tracemalloc.get_traced_memory()[0] - before) / WEIGHED / KILOBYTE
    tracemalloc.stop()
    del kept
    note = f"{len(TEXT)} characters each, indexes included, over {WEIGHED} messages"
    return Figure(what="memory per message", measured=weight, budget=1.5, unit="KB", note=note)


async def _filled(count: int) -> Callable[[], Awaitable[object]]:
    """Return what shows the middle page of a space with so many messages."""
    world = World("bench", Origins("http://127.0.0.1"), contract=Contract.shipped())
    author = await people.create_user(world, "ann@example.com")
    space = await spaces.create(world, author, "Room")
    for _ in range(count):
        # A text of its own, as the decoder makes it for every request.
        await messages.put_new(world, author, space, drafts.Draft(category="chat", text=TEXT[:1] + TEXT[1:]))
    middle_one = (await world.state.messages.page("space", space.id, offset=count // 2, limit=1))[0]
    listing = Indexed(world.state.messages, "space", space.id, descending=True)

    async def page() -> object:
        found = await listing.near(listing.place(middle_one), limit=PAGE, after=True)
        return [await message_views.message(world, world.origins, one, listed=True) for one in found]

    return page


async def _time(page: Callable[[], Awaitable[object]]) -> float:
    begin = time.process_time()
    for _ in range(PAGES):
        await page()
    return (time.process_time() - begin) / PAGES
