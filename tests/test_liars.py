"""Liars are themselves to be trusted: rows that hold together, a proxy that changes nothing else, true outcomes."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from websockets.sync.client import connect

from liars.exchanges import Answer, Request, answer
from liars.judgement import Outcome, judged, run_of, seen
from liars.keys import Keys, forgiven, read, signed
from liars.keys import keys as known
from liars.lie import PROFILES, Lie, at, fingerprint, put, tells, turned, with_members, without
from liars.lies import every_lie
from liars.runs import Wanted, chosen
from liars.stage import Stage
from mockspaces.contract.behaviours import catalogue

MOST_OTHERS = 5
OWN, OTHER = "SPACES-GET-01", "SPACES-GET-02"


# --- the rows


def test_there_are_a_hundred_lies_of_different_names() -> None:
    """A name tells a lie from all others."""
    names = [one.name for one in every_lie()]
    assert len(names) == len(set(names)) >= 100


@pytest.mark.parametrize("lie", every_lie(), ids=lambda lie: lie.name)
def test_a_row_names_statements_that_there_are(lie: Lie) -> None:
    """It names one statement, at most five others, and a profile that can catch it."""
    assert {lie.statement, *lie.others} <= {*catalogue()}
    assert len({*lie.others}) <= MOST_OTHERS or lie.name == "any text under service_app is accepted"
    assert lie.by
    assert {*lie.by} <= {*PROFILES}


def test_a_lie_that_has_changed_is_another() -> None:
    """Two tables of the same code have the same fingerprints; another value or function in a row has another."""
    first, second = ([fingerprint(one) for one in every_lie()] for _each in range(2))
    assert first == second
    assert len({*first}) == len(first)
    same = {fingerprint(Lie("x", OWN, "GET /", tells(put("a", 1)), others)) for others in ((), (OTHER,))}
    assert len(same) == 1  # what may be contradicted too is judged anew without telling the lie again
    assert fingerprint(Lie("x", OWN, "GET /", tells(put("a", 2)))) not in same
    assert fingerprint(Lie("x", OWN, "GET /", tells(without("a")))) not in same


# --- changes of an answer

BODY = {"data": [{"title": "a", "n": 1}, {"title": "b"}], "total": 2}


@pytest.mark.parametrize(
    ("edit", "changed"),
    [
        (put("data.*.title", "x"), {"data": [{"title": "x", "n": 1}, {"title": "x"}], "total": 2}),
        (put("data.1.title", "x"), {"data": [{"title": "a", "n": 1}, {"title": "x"}], "total": 2}),
        (put("data.7.title", "x"), BODY),
        (put("none.there", "x"), BODY),
        (without("data.*.n"), {"data": [{"title": "a"}, {"title": "b"}], "total": 2}),
        (without("total"), {"data": BODY["data"]}),
        (turned("data"), {"data": [{"title": "b"}, {"title": "a", "n": 1}], "total": 2}),
        (with_members("", {"more": 1}), {**BODY, "more": 1}),
        (at("", lambda value: [value]), [BODY]),
    ],
)
def test_an_edit_changes_its_place_alone(edit: Any, changed: object) -> None:
    """What a path leads to is changed, everything else stays, and the length is that of the new body."""
    told: Answer = edit(answer(BODY))
    assert told.json == changed
    assert told.header("content-length") == str(len(told.body))


def test_the_order_of_members_is_turned() -> None:
    """An object has its members the other way round, which no comparison of values sees."""
    assert list(turned("")(answer(BODY)).json) == ["total", "data"]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A mock and a liar before it."""
    with Stage(tmp_path_factory.mktemp("liars") / "stage") as running:
        yield running


@pytest.fixture(scope="module")
def keys(stage: Stage) -> Keys:
    """The key files that its profiles name, as a liar finds them."""
    known.folder = Path(stage.environment["SPACES_KEY_EVERY"]).parent
    return known


def url_of(stage: Stage) -> str:
    return stage.profiles["key"].read_text(encoding="utf-8").split('web = "')[1].split('"')[0]


def create(stage: Stage, token: str) -> httpx.Response:
    headers = {"Authorization": f"service_app {token}"}
    return httpx.post(
        f"{url_of(stage)}/api/spaces/invite",
        json={"topic": {"title": "é"}},
        headers=headers,
        trust_env=False,
    )


def test_a_jwt_is_forgiven_for_what_a_lie_is_about_alone(keys: Keys) -> None:
    """One that fits is signed anew for its app, any other is passed on as it is."""
    late = signed(keys.mightiest, exp=0)
    assert forgiven(late, lambda _header, claims: claims["exp"] > 0) == late
    assert forgiven("no token", lambda _header, _claims: True) == "no token"
    better = read(forgiven(late, lambda _header, claims: claims["exp"] == 0))
    assert better is not None
    assert (better[1]["iss"], better[1]["exp"] > 0) == (keys.mightiest["iss"], True)


def test_the_truth_passes_byte_by_byte(stage: Stage, keys: Keys) -> None:
    """Several exchanges of one connection, with bodies of known and unknown length, come through unchanged."""
    stage.tell("the truth")
    with httpx.Client(base_url=url_of(stage), trust_env=False) as client:
        for content in (b'{"topic":{"title":"x"}}', iter([b'{"topic":', b'{"title":"x"}}'])):
            sent = {"Authorization": f"service_app {signed(keys.mightiest)}", "Content-Type": "application/json"}
            made = client.post("/api/spaces/invite", content=content, headers=sent)
            assert made.json()["data"][0]["topicId"]
        assert client.head("/api/service-configurations").headers["content-length"] != "0"
        unchanged = client.get("/api/service-configurations", headers={"If-None-Match": "*"})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert client.get("/api/nothing").json()["code"] == "route.not_found"
        assert client.get("/api/service-configurations").json()["accounts"]["server_url"] == url_of(stage)


def test_one_lie_is_told_at_a_time(stage: Stage, keys: Keys) -> None:
    """The answer that a lie is about is changed until another lie is told, and what it is not about stays."""
    late = signed(keys.mightiest, exp=1)
    stage.tell("a created space has no id")
    assert "topicId" not in create(stage, signed(keys.mightiest)).json()["data"][0]
    assert create(stage, late).status_code == 401
    stage.tell("no exp is accepted")
    assert create(stage, late).status_code == 401
    assert "topicId" in create(stage, signed(keys.mightiest)).json()["data"][0]
    stage.tell("an expired JWT breaks the service")
    assert create(stage, late).status_code == 500


def test_frames_are_changed_in_both_directions(stage: Stage) -> None:
    """A frame of the service is changed, one of the client is kept back, and whatever is no text passes."""
    url = f"{url_of(stage).replace('http', 'ws')}/socket.io/?EIO=3&transport=websocket"
    guest = httpx.post(f"{url_of(stage)}/api/anonymous/auth", json={}, trust_env=False).json()["token"]
    for lie, joined, left in (
        ("the truth", "40/chat", "41/chat"),
        ("the namespace is joined with a comma", "40/chat,", "41/chat"),
        ("namespaces cannot be left", "40/chat", "3"),
    ):
        stage.tell(lie)
        guest = httpx.post(f"{url_of(stage)}/api/anonymous/auth", json={}, trust_env=False).json()["token"]
        with connect(f"{url}&token={guest}&tokenType=jwt", proxy=None, compression=None) as socket:
            opened, greeting = str(socket.recv(5)), socket.recv(5)
            assert (json.loads(opened[1:])["pingInterval"], greeting) == (25000, "40")
            socket.send("40/chat")
            assert socket.recv(5) == joined
            socket.ping().wait(5)
            socket.send("41/chat")
            socket.send("2")
            assert left in (socket.recv(5), "41/chat")


def test_every_lie_begins_anew(stage: Stage, keys: Keys) -> None:
    """What was created while a lie was told is gone when the next one is."""
    stage.tell("the truth")
    space = create(stage, signed(keys.mightiest)).json()["data"][0]["topicId"]
    path, headers = f"{url_of(stage)}/api/spaces/{space}", {"Authorization": f"service_app {signed(keys.mightiest)}"}
    assert httpx.get(path, headers=headers, trust_env=False).status_code == 200
    stage.tell("the truth")
    assert httpx.get(path, headers=headers, trust_env=False).status_code == 404


# --- which tests meet a lie


def test_a_lie_meets_those_that_cite_it_and_a_sample_of_the_others() -> None:
    """The sample is the same in every run, and another one for another lie; a share is a stretch of all tests."""

    def item(number: int) -> Any:
        names = (OWN,) if number < 3 else (OTHER,)
        return SimpleNamespace(
            nodeid=f"contract_tests/test_x.py::test_{number}", iter_markers=lambda _name: [SimpleNamespace(args=names)]
        )

    items = cast("list[pytest.Item]", [item(number) for number in range(100)])
    met = [chosen(items, Wanted("a lie", "key", OWN, 10)) for _each in range(2)]
    assert met[0] == met[1] != chosen(items, Wanted("another", "key", OWN, 10))
    assert len(met[0]) == 13
    assert met[0][:3] == items[:3]
    shares = [chosen(items, Wanted("the truth", "key", share=(number, 3))) for number in range(3)]
    assert [one for share in shares for one in share] == items


# --- outcomes


def record_of(name: str, *claims: dict[str, Any]) -> dict[str, Any]:
    """Return what a results file has of a test."""
    return {"test": name, "behaviours": [OWN, OTHER], "outcome": "passed", "claims": list(claims)}


def claim(of: str, state: str = "held", reason: str = "") -> dict[str, Any]:
    kind = "documented" if state == "differs" else ""
    return {"id": of, "text": "it is so", "state": state, "kind": kind, "reason": reason}


@pytest.mark.parametrize(
    ("found", "row", "outcome"),
    [
        ([claim(OWN, "differs"), claim(OTHER)], {}, "caught"),
        ([claim(OWN), claim(OTHER)], {}, "missed"),
        ([claim(OWN), claim(OTHER)], {"by": ("everything",)}, "unseen"),
        ([claim(OWN, "differs"), claim(OTHER, "differs")], {}, "blurred"),
        ([claim(OWN, "differs"), claim(OTHER, "differs")], {"others": (OTHER,)}, "caught"),
        ([claim(OWN), claim(OTHER, "differs")], {"others": (OTHER,)}, "missed"),
        ([claim(OWN, "not tried", "a step failed"), claim(OTHER)], {}, "missed"),
        ([claim(OWN, "not tried", "the target broke (500) on GET /x"), claim(OTHER)], {}, "missed"),
        ([claim(OWN, "not tried", "the target broke (500) on GET /x"), claim(OTHER)], {"breaks": True}, "caught"),
    ],
)
def test_a_lie_is_caught_if_it_alone_is_named(
    found: list[dict[str, Any]], row: dict[str, Any], outcome: Outcome
) -> None:
    """Not tried is not caught, but for a target that breaks; another statement may differ only if the row says so."""
    mock = run_of([record_of("test_x.py::test_x", claim(OWN), claim(OTHER))], "mock")
    lie = Lie("x", OWN, **row)
    assert (
        judged(lie, seen(lie, "key", mock, run_of([record_of("test_x.py::test_x", *found)], "key"))).outcome == outcome
    )


def test_the_truth_names_nothing() -> None:
    """One difference, or a claim whose words depend on the target, and the truth is not clean."""
    truth, mock = Lie("x", ""), run_of([record_of("a", claim(OWN))], "mock")
    for found, outcome in (
        ([claim(OWN)], "caught"),
        ([claim(OWN, "differs")], "blurred"),
        ([claim(OWN), {**claim(OWN), "text": "it is 7"}], "blurred"),
    ):
        assert judged(truth, seen(truth, "key", mock, run_of([record_of("a", *found)], "key"))).outcome == outcome


def test_a_request_is_what_was_sent() -> None:
    """Query and form are read and written member by member, and a header keeps its place."""
    request = Request((("A", "1"), ("B", "2")), b"x=1&y=2", method="POST", target="/p?q=1&r=2")
    assert request.with_query(q=None, s="3").target == "/p?r=2&s=3"
    assert request.with_form(x="9").form == {"x": "9", "y": "2"}
    assert request.with_header("a", "0").headers == (("a", "0"), ("B", "2"))
    assert request.with_header("A", None).headers == (("B", "2"),)
