"""What calls of the REST API cost beside a bare route."""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.request import Request, urlopen

from benchmarks import load, tokens
from benchmarks.effort import Effort
from benchmarks.load import Target
from benchmarks.processes import FLOOR, MOCK, run, server
from benchmarks.report import Figure, beside
from mockspaces.client import Mockspaces

USER = "cleo@example.com"
ME = "/api/users/me"


def ask(url: str, authorization: str = "", body: bytes | None = None) -> bytes:
    """Return the answer to one request."""
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    with urlopen(Request(url, data=body, headers=headers)) as answer:  # noqa: S310 - our own servers
        found: bytes = answer.read()
    return found


@contextmanager
def bare(mock: Target, answer: bytes, body: bytes | None = None) -> Iterator[Target]:
    """Run a bare route that answers the same bytes to the same headers; with ``body`` it is asked by POST."""
    head = next(iter(mock.requests)).partition(load.END_OF_HEAD)[0].decode()
    headers = [line for line in head.split("\r\n") if line.startswith("Authorization:")]
    with server(FLOOR, answer) as (url, pid):
        asked = load.get(f"{url}/", *headers) if body is None else load.post(f"{url}/", body, *headers)
        yield Target(url, pid, [asked])


def authenticated_get(effort: Effort) -> list[Figure]:
    """GET /users/me with a bearer token against JSONResponse of the same object, for 32, 64 and for one client."""
    figures = []
    with server(MOCK) as (url, pid), Mockspaces(url) as mock:
        authorization = f"Bearer {mock.token(USER)}"
        target = Target(url, pid, [load.get(f"{url}{ME}", f"Authorization: {authorization}")])
        answer = ask(f"{url}{ME}", authorization)
        with bare(target, answer) as floor:
            assert ask(f"{floor.url}/") == answer
            for connections, what, budget in (
                (load.CONNECTIONS, "authenticated GET / bare route", 0.9),
                (64, "authenticated GET, 64 clients", None),
            ):
                rates = run(load.in_turn(target, floor, effort=effort, connections=connections))
                figures.append(beside(what, rates, budget=budget, connections=connections, note=f"{len(answer)} B"))
            rates = run(load.in_turn(target, floor, effort=effort, connections=1))
    mock_us, floor_us = (sorted(1e6 / rate.answers for rate in found)[len(found) // 2] for found in rates)
    note = f"floor {floor_us:.0f} µs, mock {mock_us:.0f} µs from request to answer"
    figures.append(beside("authenticated GET, one client", rates, connections=1, note=note))
    return figures


def credentials(effort: Effort) -> list[Figure]:
    """A GET by each kind of credential, each token for the first time and one token over again."""
    with server(MOCK) as (url, pid), Mockspaces(url) as mock:
        return [figure for kind in _kinds(mock) for figure in _by_kind(kind, Target(url, pid, []), effort)]


class Kind(NamedTuple):
    """A kind of credential: what may be asked with it, how to get another one, and its budgets, new and repeated."""

    name: str
    path: str
    make: Callable[[], str]
    first: float | None = None
    again: float | None = None


def _kinds(mock: Mockspaces) -> list[Kind]:
    app, numbers = mock.service_app(scopes="all"), count()

    def signed() -> str:
        return f"service_app {tokens.signed(app.key, next(numbers))}"

    return [
        Kind("OAuth token", ME, lambda: f"bearer {mock.token(USER)}"),
        Kind("user JWT", ME, lambda: f"jwt {mock.token(USER, kind='jwt')}"),
        Kind("anonymous JWT", ME, lambda: f"jwt {_guest(mock.url)}"),
        Kind(
            "service app JWT", f"{ME}/spaces", lambda: f"service_app {tokens.signed(app.key, next(numbers))}", 0.3, 0.5
        ),
    ]


def _guest(url: str) -> str:
    return str(json.loads(ask(f"{url}/api/anonymous/auth", body=b"{}"))["token"])


def _by_kind(kind: Kind, mock: Target, effort: Effort) -> list[Figure]:
    url, firsts, floors = f"{mock.url}{kind.path}", [], []
    again = mock._replace(requests=[load.get(url, f"Authorization: {(one := kind.make())}")])
    answer = ask(url, one)
    with bare(again, answer) as floor:
        run(load.rate(floor, effort.seconds / 2))
        for _ in range(min(effort.rounds, 3)):
            new = [load.get(url, f"Authorization: {kind.make()}") for _ in range(effort.credentials)]
            firsts.append(run(load.once(mock._replace(requests=new))))
            floors.append(run(load.once(floor._replace(requests=list(floor.requests) * effort.credentials))))
        rates = run(load.in_turn(again, floor, effort=effort))
    each = f"{effort.credentials} tokens, each once"
    return [
        beside(f"GET by {kind.name}, first time", [firsts, floors], budget=kind.first, note=each),
        beside(f"GET by {kind.name}, repeated", rates, budget=kind.again, note=f"{len(answer)} B"),
    ]


def create_space(effort: Effort) -> list[Figure]:
    """POST /spaces/invite, which creates a space, against a bare POST of the same answer."""
    body = b'{"topic": {"title": "Room", "type": "group"}}'
    with server(MOCK) as (url, pid), Mockspaces(url) as mock:
        authorization, path = f"Bearer {mock.token(USER)}", f"{url}/api/spaces/invite"
        answer = ask(path, authorization, body)
        target = Target(url, pid, [load.post(path, body, f"Authorization: {authorization}")])
        with bare(target, answer, body) as floor:
            rates = run(load.in_turn(target, floor, effort=effort))
    return [beside("create a space / bare POST", rates, budget=0.45, note=f"{len(answer)} B")]


def colleagues(effort: Effort) -> list[Figure]:
    """GET /users/me/colleagues?search= over very many users, against a bare GET of the same answer."""
    with seed_file(effort.colleagues) as seed, server((*MOCK, "--seed", str(seed))) as (url, pid):
        with Mockspaces(url) as mock:
            authorization = f"Bearer {mock.token('user7@big.example')}"
        path = f"{url}/api/users/me/colleagues?search=name%2017"
        answer = ask(path, authorization)
        assert json.loads(answer)["data"]
        target = Target(url, pid, [load.get(path, f"Authorization: {authorization}")])
        with bare(target, answer) as floor:
            rates = run(load.in_turn(target, floor, effort=effort))
    figure = beside("colleagues search / bare route", rates, note=f"{effort.colleagues:,} users")
    samples, cpu = tuple(1 / one for one in figure.samples), tuple(1 / one for one in figure.cpu)
    return [Figure(what="colleagues search, times a bare GET", samples=samples, cpu=cpu, budget=10, note=figure.note)]


@contextmanager
def seed_file(users: int) -> Iterator[Path]:
    """Write a seed with one company of so many users."""
    people: Sequence[dict[str, str]] = [
        {"username": f"user{number}@big.example", "displayname": f"Name {number}"} for number in range(users)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seed.json"
        seed = {"companies": [{"name": "Big", "domains": ["big.example"]}], "users": people}
        path.write_text(json.dumps(seed), encoding="utf-8")
        yield path
