"""Every control call refuses what it does not know, whatever the call: no typo is ever ignored."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from mockspaces.client import Mockspaces
from mockspaces.contract import control, queries
from mockspaces.contract.rows import Endpoint
from mockspaces.control.journal import Query
from mockspaces.control.queries import Wanted
from mockspaces.server import Server

# What a call with a query has to be sent.
RECORDING = {
    "log": {"entries": [{"request": {"method": "GET", "url": "http://x/health"}, "response": {"status": 200}}]}
}
WITH_BODY = [row for row in control.ROWS if row.method in ("POST", "PUT", "PATCH")]


@pytest.fixture(scope="module")
def world() -> Iterator[Mockspaces]:
    with Server() as server, Mockspaces(server.url) as mock:
        opened = mock.open_world()
        yield opened
        opened.drop()


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """One client for all calls: each of its own would load certificates, and take longer than the calls."""
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def places(world: Mockspaces) -> dict[str, str]:
    """Values for the parameters of every path, of things that exist."""
    app = world.service_app()
    space = world.space("Room", owner="ann@example.com")
    return {
        "{iss}": app.iss,
        "{kid}": app.key["kid"],
        "{username}": "ann@example.com",
        "{company}": "Example",
        "{id}": space.id,
        "{spaceId}": space.id,
        "{name}": "nothing",
    }


Send = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def send(world: Mockspaces, http: httpx.Client, places: dict[str, str]) -> Send:
    """Carry out a call of the control API, with values in its path."""

    def sent(row: Endpoint, body: Any = None, query: str = "") -> httpx.Response:
        path = row.path
        for name, value in places.items():
            path = path.replace(name, value)
        return http.request(row.method, f"{world.url}{path}{query}", json=body)

    return sent


@pytest.mark.parametrize("row", WITH_BODY, ids=lambda row: row.id)
def test_unknown_member_is_refused(send: Send, row: Endpoint) -> None:
    """A body with a member that the call does not know is refused, and the member is named."""
    answer = send(row, {"xyzzy": 1})
    assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid"), answer.text
    assert "xyzzy" in answer.json()["why"]


@pytest.mark.parametrize("row", control.ROWS, ids=lambda row: row.id)
def test_unknown_query_parameter_is_refused(send: Send, row: Endpoint) -> None:
    """A query with a parameter that the call does not know is refused, and the parameter is named."""
    answer = send(row, {} if row in WITH_BODY else None, "?xyzzy=1")
    assert answer.status_code == 400, answer.text
    assert "xyzzy" in answer.json()["why"]


@pytest.mark.parametrize("row", [row for row in control.ROWS if row.id in queries.ROWS], ids=lambda row: row.id)
def test_known_query_parameters_are_taken(send: Send, row: Endpoint) -> None:
    """Every parameter that the API document names is one that the call reads."""
    values = {
        "category": "chat",
        **dict.fromkeys(("trace", "after", "limit"), "1"),
        "surface": "rest",
        "method": "get",
        "route": "GET /users/me",
        "endpoint": "USERS-ME",
        "event": "connect",
        "status": "4xx",
        "code": "auth.credential_invalid",
        "refused": "true",
        "since": "2031-02-03T04:05:06Z",
        "format": "har",
        "page": "0",
        "worlds": "all",
    }
    names = [one.name for one in queries.ROWS[row.id]]
    if row.media_type == "text/event-stream":  # goes on for ever, see test_events
        assert names == ["after"]
        return
    for other in ("route", "endpoint"):  # two ways to say the same
        query = "&".join(f"{name}={values.get(name, 'x')}" for name in names if name != other)
        assert send(row, RECORDING if row.id == "CTRL-CHECK" else None, f"?{query}").status_code == 200
    fields = {"CTRL-JOURNAL": {*Query.__struct_fields__}, "CTRL-MESSAGES": {*Wanted.__struct_fields__}}
    assert set(names) == fields.get(row.id, {*names})


@pytest.mark.parametrize("row", WITH_BODY, ids=lambda row: row.id)
@pytest.mark.parametrize("body", [[], "text", 1, None], ids=repr)
def test_body_that_is_no_object_is_refused(http: httpx.Client, send: Send, row: Endpoint, body: object) -> None:
    """A body that is JSON but no object is refused by every call."""
    answer = http.request(
        row.method,
        str(send(row, {"xyzzy": 1}).url),
        content=httpx.Request("POST", "http://x", json=body).content if body is not None else b"null",
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid"), answer.text


@pytest.mark.parametrize(
    ("method", "path", "body", "why"),
    [
        ("GET", "/journal?status=abc", None, "status: invalid enum value 'abc'; one of 1xx, 2xx"),
        ("GET", "/journal?limit=0", None, "limit: expected integer >= 1"),
        ("GET", "/messages?category=mail", None, "category: invalid enum value 'mail'; one of chat, "),
        ("PATCH", "/settings", {"accounts.auto_consent": "yes"}, "accounts.auto_consent: expected boolean, got string"),
        (
            "PATCH",
            "/settings",
            {"accounts.error_style": "rfc"},
            "accounts.error_style: invalid enum value 'rfc'; one of rfc6749, vendor",
        ),
        ("POST", "/faults", {"action": {"frame": "eat"}}, "action.frame: invalid enum value 'eat'; one of close, "),
    ],
)
def test_a_bad_value_is_named_with_what_would_do(
    world: Mockspaces, http: httpx.Client, method: str, path: str, body: Any, why: str
) -> None:
    """A value of the wrong kind is told by its name, in the words of JSON, with the choices there are."""
    answer = http.request(method, f"{world.url}/_mock{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["why"].startswith(why), answer.text
