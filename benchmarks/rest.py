"""What an authenticated call costs beside a bare route."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar
from urllib.request import Request, urlopen

import uvloop

from benchmarks import load
from benchmarks.processes import FLOOR, MOCK, server
from benchmarks.report import Figure, ratio
from mockspaces.client import Mockspaces

ROUNDS, SECONDS = 9, 1.0
Value = TypeVar("Value")


def authenticated_get() -> list[Figure]:
    """GET /users/me with a bearer token against JSONResponse of the same object."""
    with server(MOCK) as (mock_url, _), Mockspaces(mock_url) as mock:
        token = mock.token("cleo@example.com")
        url, authorization = f"{mock_url}/api/users/me", f"Bearer {token}"
        request = load.get(url, f"Authorization: {authorization}")
        answer = _answer(url, authorization)
        with server(FLOOR, answer) as (floor_url, _):
            floor_request = load.get(f"{floor_url}/", f"Authorization: {authorization}")
            assert _answer(floor_url) == answer
            values, floors = run(in_turn((mock_url, request), (floor_url, floor_request)))
    note = f"{len(answer)} B, floor {middle(floors):.0f}/s, mock {middle(values):.0f}/s, c={load.CONNECTIONS}"
    share = ratio(values, floors)
    return [Figure(what="authenticated GET / bare route", measured=share, budget=0.8, more=True, note=note)]


def run(work: Coroutine[None, None, Value]) -> Value:
    """Run a measurement in a loop that is faster than what it measures."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the generator must not be the bottleneck
        return runner.run(work)


def middle(values: list[float]) -> float:
    """Return the median, or the higher of two."""
    return sorted(values)[len(values) // 2]


def _answer(url: str, authorization: str = "") -> bytes:
    with urlopen(Request(url, headers={"Authorization": authorization})) as answer:  # noqa: S310 - our own servers
        body: bytes = answer.read()
    return body


async def in_turn(*targets: tuple[str, bytes], rounds: int = ROUNDS) -> list[list[float]]:
    """Measure the targets A B A B, after a short warm-up."""
    for url, request in targets:
        await load.rate(url, request, 0.3)
    rates: list[list[float]] = [[] for _ in targets]
    for _ in range(rounds):
        for measured, (url, request) in zip(rates, targets, strict=True):
            measured.append(await load.rate(url, request, SECONDS))
    return rates
