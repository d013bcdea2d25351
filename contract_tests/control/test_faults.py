"""Planned faults as a client meets them: each action, each way to choose its victim, and the proof `fired`."""

import time
from typing import Any

import httpx
import pytest

from contract_tests.claims import claim
from contract_tests.kit import Cloud, Person, behaviour, refused
from contract_tests.sockets import Sockets


@pytest.fixture
def ann(cloud: Cloud) -> Person:
    """Somebody who calls."""
    return cloud.user()


def plan(cloud: Cloud, action: dict[str, Any], **members: Any) -> str:
    """Plan a fault and return its id."""
    fault_id: str = cloud.control("POST", "/faults", {"action": action, **members})["id"]
    return fault_id


def fired(cloud: Cloud) -> list[int]:
    """Return how often each planned fault happened."""
    return [fault["fired"] for fault in cloud.control("GET", "/faults")["data"]]


def me(cloud: Cloud, who: Person) -> httpx.Response:
    """Make the simplest call that needs a credential."""
    return cloud.call("GET", "/users/me", who)


@behaviour("ERR-BODY-01")
@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("auth.credential_expired", 401),
        ("permission.denied", 403),
        ("topic.invalid_acesss_to_archived_topic", 403),
        ("space.not_found", 404),
        ("request.invalid", 400),
        ("rate.limited", 429),
        ("server.error", 500),
    ],
)
def test_reject_gives_the_exact_refusal(cloud: Cloud, ann: Person, code: str, status: int) -> None:
    """A refusal by name has the status, code and text that the real refusal has."""
    plan(cloud, {"reject": code}, times=1)
    with claim("ERR-BODY-01", "a planned refusal has the body of a real one", allows=[429, 500]):
        refused(me(cloud, ann), status, code)
    assert me(cloud, ann).status_code == 200


@behaviour("LIM-02")
def test_planned_rate_limit_says_when_to_come_back(cloud: Cloud, ann: Person) -> None:
    """A rate limit by name carries Retry-After, as a real one does."""
    plan(cloud, {"reject": "rate.limited"})
    with claim("LIM-02", "a planned rate limit carries Retry-After", allows=[429]):
        assert me(cloud, ann).headers["retry-after"] == "1"


def test_reject_does_what_a_real_refusal_does_not_do(cloud: Cloud, ann: Person) -> None:
    """A rejected call has no effect, and the journal names the fault as its reason."""
    fault = plan(cloud, {"reject": "permission.denied"}, match={"route": "POST /spaces/invite"}, times=1)
    before = cloud.control("GET", "")["counts"]["spaces"]
    refused(
        cloud.call("POST", "/spaces/invite", ann, json={"topic": {"title": "Room"}}),
        403,
        "permission.denied",
    )
    assert cloud.control("GET", "")["counts"]["spaces"] == before
    assert cloud.why(status=403) == f"planned fault {fault}: reject permission.denied"


@pytest.mark.parametrize(
    ("body", "media_type", "text"),
    [
        ({"a": 1}, "application/json; charset=utf-8", '{"a":1}'),
        ("busy", "text/plain; charset=utf-8", "busy"),
        ([], "application/json; charset=utf-8", "[]"),
    ],
)
def test_status_answers_with_body_and_headers(
    cloud: Cloud, ann: Person, body: object, media_type: str, text: str
) -> None:
    """A planned answer has the planned status, headers and body: text as it is, anything else as JSON."""
    plan(cloud, {"status": 503, "body": body, "headers": {"Retry-After": "7"}})
    answer = me(cloud, ann)
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (503, media_type, text)
    assert answer.headers["retry-after"] == "7"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_status_without_body_is_empty(cloud: Cloud, ann: Person) -> None:
    """A planned status without a body sends none."""
    plan(cloud, {"status": 502})
    assert me(cloud, ann).content == b""


def test_delay_waits_and_answers(cloud: Cloud, ann: Person) -> None:
    """A delay holds the answer back on real time and changes nothing else."""
    plan(cloud, {"delay": 0.2}, times=1)
    cloud.control("POST", "/clock", {"freeze": True})
    before = time.monotonic()
    assert me(cloud, ann).status_code == 200
    assert time.monotonic() - before >= 0.2


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ({"status": 503}, "status 503"),
        ({"delay": 0.01}, "delay 0.01 s"),
        ({"delay": 0.01, "status": 200}, "status 200, delay 0.01 s"),
    ],
)
def test_victim_knows_what_happened_to_it(cloud: Cloud, ann: Person, action: dict[str, Any], words: str) -> None:
    """The journal names the fault and what it did, whether the call was answered or not."""
    fault = plan(cloud, action)
    me(cloud, ann)
    assert cloud.why(endpoint="USERS-ME") == f"planned fault {fault}: {words}"


def test_planned_validation_error_does_not_name_the_fault(cloud: Cloud, ann: Person) -> None:
    """What a client is told is in the words of the service; the fault is named beside the wire only."""
    fault = plan(cloud, {"reject": "request.invalid"})
    assert fault not in me(cloud, ann).text


def test_delay_joins_another_action(cloud: Cloud, ann: Person) -> None:
    """A delay beside an answer comes before it."""
    plan(cloud, {"delay": 0.1, "status": 504})
    before = time.monotonic()
    assert me(cloud, ann).status_code == 504
    assert time.monotonic() - before >= 0.1


def test_delay_can_vary(cloud: Cloud, ann: Person) -> None:
    """A delay with a median and a p99 is drawn anew for each call, and the journal says how long each was."""
    fault = plan(cloud, {"delay": {"median": 0.004, "p99": 0.02}})
    for _ in range(30):
        me(cloud, ann)
    whys = [entry["why"] for entry in cloud.control("GET", "/journal?endpoint=USERS-ME")["entries"]]
    begin = f"planned fault {fault}: delay "
    assert all(why.startswith(begin) for why in whys)
    delays = sorted(float(why.removeprefix(begin).removesuffix(" s")) for why in whys)
    assert len(set(delays)) > 10
    assert 0.001 < delays[15] < 0.012


@pytest.mark.parametrize(
    ("transport", "error"),
    [
        ("truncate", httpx.RemoteProtocolError),
        ("drop", httpx.RemoteProtocolError),
        ("reset", httpx.ReadError),
        ("garbage", httpx.RemoteProtocolError),
    ],
)
def test_transport_fault_spoils_the_answer_of_a_call_that_took_effect(
    cloud: Cloud, ann: Person, transport: str, error: type[httpx.TransportError]
) -> None:
    """A spoilt answer fails in the client, while the space it announces exists."""
    plan(cloud, {"transport": transport}, match={"route": "POST /spaces/invite"}, times=1)
    before = cloud.control("GET", "")["counts"]["spaces"]
    with pytest.raises(error):
        cloud.call("POST", "/spaces/invite", ann, json={"topic": {"title": "Room"}})
    assert cloud.control("GET", "")["counts"]["spaces"] == before + 1
    assert fired(cloud) == [1]
    assert me(cloud, ann).status_code == 200


def test_transport_fault_finds_its_connection_behind_any_header(cloud: Cloud, ann: Person) -> None:
    """A client that says it speaks for another address loses its answer all the same."""
    plan(cloud, {"transport": "drop"}, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        cloud.call("GET", "/users/me", ann, headers={"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"})


def test_truncated_answer_without_a_body_does_not_arrive(cloud: Cloud, ann: Person) -> None:
    """Where there is nothing to cut, the answer is dropped as a whole."""
    plan(cloud, {"transport": "truncate"}, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        cloud.call("HEAD", "/users/me", ann)


def test_times_bounds_a_fault(cloud: Cloud, ann: Person) -> None:
    """A fault planned twice happens twice and no more, and says so."""
    plan(cloud, {"status": 503}, times=2)
    assert [me(cloud, ann).status_code for _ in range(4)] == [503, 503, 200, 200]
    assert fired(cloud) == [2]


def test_faults_queue_up(cloud: Cloud, ann: Person) -> None:
    """The next fault in the plan is due when the one before it is spent."""
    plan(cloud, {"status": 503}, times=1)
    plan(cloud, {"status": 429}, times=1)
    assert [me(cloud, ann).status_code for _ in range(3)] == [503, 429, 200]
    assert fired(cloud) == [1, 1]


@pytest.mark.parametrize(("probability", "wanted"), [(0, {200}), (1, {503})])
def test_probability_at_its_ends(cloud: Cloud, ann: Person, probability: float, wanted: set[int]) -> None:
    """A fault of probability 0 never happens, one of probability 1 always."""
    plan(cloud, {"status": 503}, probability=probability)
    assert {me(cloud, ann).status_code for _ in range(10)} == wanted


def test_probability_in_between(cloud: Cloud, ann: Person) -> None:
    """A fault of probability one half happens sometimes."""
    plan(cloud, {"status": 503}, probability=0.5)
    assert {me(cloud, ann).status_code for _ in range(60)} == {200, 503}


@pytest.mark.parametrize(
    "match",
    [
        {},
        {"surface": "rest"},
        {"endpoint": "USERS-ME"},
        {"method": "GET"},
        {"method": "get"},
        {"path": "/api/users/me"},
        {"path": "/api/users/*"},
        {"route": "GET /users/me"},
        {"route": "get /api/users/me"},
        {"caller": "ann@example.com"},
        {"caller": "oauth ann@*"},
        {"surface": "rest", "method": "GET", "path": "*me"},
    ],
)
def test_match_that_fits(cloud: Cloud, ann: Person, match: dict[str, str]) -> None:
    """A call is met by every description that is true of it."""
    plan(cloud, {"status": 503}, match=match)
    assert me(cloud, ann).status_code == 503


@pytest.mark.parametrize(
    "match",
    [
        {"surface": "accounts"},
        {"endpoint": "USERS-ANON"},
        {"method": "POST"},
        {"path": "/api/users/you"},
        {"path": "/api/users"},
        {"route": "POST /spaces/invite"},
        {"caller": "bob@example.com"},
        {"caller": "svc *"},
        {"surface": "rest", "method": "POST", "path": "*"},
    ],
)
def test_match_that_does_not_fit(cloud: Cloud, ann: Person, match: dict[str, str]) -> None:
    """A call is left alone by a description that is false in one member."""
    plan(cloud, {"status": 503}, match=match)
    assert me(cloud, ann).status_code == 200
    assert fired(cloud) == [0]


def test_fault_of_one_caller_leaves_the_others_alone(cloud: Cloud, ann: Person) -> None:
    """A fault named after a caller is met by him only."""
    plan(cloud, {"reject": "auth.credential_expired"}, match={"caller": ann.username})
    assert me(cloud, ann).status_code == 401
    assert me(cloud, cloud.user("bob@example.com")).status_code == 200


def test_dropped_fault_is_gone(cloud: Cloud, ann: Person) -> None:
    """A fault that is taken out says how often it happened and happens no more."""
    fault = plan(cloud, {"status": 503})
    me(cloud, ann)
    assert cloud.control("DELETE", f"/faults/{fault}")["fired"] == 1
    assert me(cloud, ann).status_code == 200


@pytest.mark.parametrize("call", [("DELETE", "/faults"), ("POST", "/reset")])
def test_plan_can_be_forgotten(cloud: Cloud, call: tuple[str, str]) -> None:
    """Clearing the plan and resetting the world leave no fault."""
    plan(cloud, {"status": 503})
    cloud.control(*call)
    assert fired(cloud) == []


def test_control_calls_meet_no_fault(cloud: Cloud) -> None:
    """A fault that matches everything leaves the control API usable."""
    plan(cloud, {"status": 503})
    assert fired(cloud) == [0]


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ({"action": {"reject": "auth.credential_expird"}}, '"auth.credential_expired"'),
        ({"action": {"rejct": "permission.denied"}}, "no such member"),
        ({"action": {"transport": "dorp"}}, "action.transport"),
        ({"action": {"status": 199}}, "action.status"),
        ({"action": {"status": 600}}, "action.status"),
        ({"action": {"delay": 61}}, "action.delay"),
        ({"action": {"delay": -1}}, "action.delay"),
        ({"action": {}}, "expected one of"),
        ({"action": {"status": 500, "reject": "server.error"}}, "expected one of"),
        ({}, "action: required"),
        ({"action": {"status": 500}, "time": 1}, '"times"'),
        ({"action": {"status": 500}, "times": 0}, "times"),
        ({"action": {"status": 500}, "probability": 1.1}, "probability"),
        ({"action": {"status": 500}, "match": {"route": "POST /spaces/invit"}}, '"POST /spaces/invite"'),
        ({"action": {"status": 500}, "match": {"endpoint": "USERS-MEE"}}, '"USERS-ME"'),
        ({"action": {"status": 500}, "match": {"surface": "rst"}}, '"rest"'),
        ({"action": {"status": 500}, "match": {"method": "GTE"}}, '"GET"'),
        ({"action": {"status": 500}, "match": {"rout": "GET /users/me"}}, '"route"'),
        ({"action": {"status": 500}, "match": {"route": "GET /users/me", "endpoint": "USERS-ME"}}, "not both"),
        ({"action": {"reject": "permission.denied", "body": "x"}}, "belong to an answer"),
        ({"action": {"delay": {"median": 2, "p99": 1}}}, "no less than the median"),
        ({"action": {"delay": {"median": 2, "p99": 99}}}, "p99"),
        ({"action": {"delay": {"median": 2}}}, "p99"),
        ({"action": {"delay": 1, "headers": {"X": "x"}}}, "belong to an answer"),
        ({"action": {"status": 204, "body": "x"}}, "has none"),
        ({"action": {"status": 503, "headers": {"X": "a\r\nEvil: 1"}}}, "action.headers.X"),
        ({"action": {"status": 503, "headers": {"X": "\u2603"}}}, "action.headers.X"),
        ({"action": {"status": 503, "headers": {"X Y": "a"}}}, "no name of a header"),
        ({"action": {"status": 503, "headers": {"": "a"}}}, "no name of a header"),
        ({"action": {"status": 503, "headers": {"Content-Length": "9"}}}, "truncate"),
        ({"action": {"frame": "swallow"}, "match": {"method": "GET"}}, "socket"),
        ({"action": {"frame": "swallow"}, "match": {"event": "connect"}}, "reject the connect"),
        ({"action": {"reject": "permission.denied"}, "match": {"event": "MESSAGE_SENT"}}, "what the cloud says"),
        ({"action": {"status": 503}, "match": {"event": "SEND_MESSAGE"}}, "socket"),
        ({"action": {"status": 500}, "match": {"event": "SEND_MESAGE"}}, '"SEND_MESSAGE"'),
        ({"action": {"delay": 1}, "match": {"event": "SEND_MESSAGE", "method": "GET"}}, "at once"),
        ({"action": {"reject": "permission.denied"}, "match": {"surface": "accounts"}}, "no refusal of the surface"),
    ],
)
def test_bad_plan_is_refused_with_a_hint(cloud: Cloud, body: dict[str, Any], hint: str) -> None:
    """A plan that could never happen as meant is refused, with the nearest name there is, and not planned."""
    answer = cloud.http.post(f"{cloud.urls['control']}/faults", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")
    assert hint in answer.json()["why"]
    assert fired(cloud) == []


def test_unknown_fault_cannot_be_dropped(cloud: Cloud) -> None:
    """Dropping a fault that is not planned is refused by name."""
    answer = cloud.http.delete(f"{cloud.urls['control']}/faults/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "fault.not_found")


# --- files


def announced(cloud: Cloud, who: Person) -> tuple[str, str]:
    """Return the upload URL and the key of a file of five bytes."""
    body = {"files": [{"Content-Type": "text/plain", "Content-Length": 5}]}
    made = cloud.call("POST", "/files/getuploadurl", who, json=body).json()["data"][0]
    return made["url"], made["fileKey"]


def put(cloud: Cloud, url: str) -> httpx.Response:
    """Upload the five bytes."""
    return cloud.http.put(url, content=b"hello", headers={"Content-Type": "text/plain"})


def get(cloud: Cloud, who: Person, key: str) -> httpx.Response:
    """Download a file."""
    made = cloud.call("POST", "/files/getdownloadurl", who, json={"fileKeys": [key]}).json()
    return cloud.http.get(made["data"][0]["url"])


def test_failed_upload_stores_nothing(cloud: Cloud, ann: Person) -> None:
    """An upload that is answered by a planned error has not happened and can be repeated."""
    plan(cloud, {"status": 503}, match={"surface": "storage", "method": "PUT"}, times=1)
    url, key = announced(cloud, ann)
    assert put(cloud, url).status_code == 503
    assert cloud.call("POST", "/files/getdownloadurl", ann, json={"fileKeys": [key]}).status_code == 404
    assert put(cloud, url).status_code == 200
    assert get(cloud, ann, key).content == b"hello"


def test_upload_whose_answer_was_lost_has_happened(cloud: Cloud, ann: Person) -> None:
    """An upload whose answer is dropped is stored."""
    plan(cloud, {"transport": "drop"}, match={"surface": "storage", "method": "PUT"}, times=1)
    url, key = announced(cloud, ann)
    with pytest.raises(httpx.RemoteProtocolError):
        put(cloud, url)
    assert get(cloud, ann, key).content == b"hello"


def test_download_can_break_off(cloud: Cloud, ann: Person) -> None:
    """A download can end half-way, and succeeds when it is repeated."""
    plan(cloud, {"transport": "truncate"}, match={"surface": "storage", "method": "GET"}, times=1)
    url, key = announced(cloud, ann)
    put(cloud, url)
    with pytest.raises(httpx.RemoteProtocolError):
        get(cloud, ann, key)
    assert get(cloud, ann, key).content == b"hello"


# --- sockets


@pytest.fixture
def room(cloud: Cloud, ann: Person) -> str:
    """A space of Ann's."""
    return cloud.space(ann)


def chats(cloud: Cloud) -> list[str]:
    """Return the texts that the cloud stored."""
    return [message["text"] for message in cloud.control("GET", "/messages?category=chat")["data"]]


SEND = {"event": "SEND_MESSAGE"}


@behaviour("RT-FAIL-01")
def test_reject_of_an_event_is_told_as_a_real_refusal(cloud: Cloud, sockets: Sockets, ann: Person, room: str) -> None:
    """A rejected SEND_MESSAGE is answered by SEND_MESSAGE_FAILED with the code, once, and nothing is stored."""
    plan(cloud, {"reject": "not.authorized.by.topic.policy"}, match=SEND, times=1)
    socket = sockets.join(ann, room)
    with claim("RT-FAIL-01", "a planned refusal of a message names its code as error"):
        name, payload = socket.message(room, "lost")
        assert (name, payload["error"]) == ("SEND_MESSAGE_FAILED", "not.authorized.by.topic.policy")
    assert socket.message(room, "stored")[0] == "MESSAGE_SENT"
    assert (chats(cloud), fired(cloud)) == (["stored"], [1])


@behaviour("RT-SUB-06")
def test_reject_of_a_subscription(cloud: Cloud, sockets: Sockets, ann: Person, room: str) -> None:
    """A rejected SUBSCRIBE_CHANNEL is answered by SUBSCRIBE_CHANNEL_FAILED."""
    plan(cloud, {"reject": "space.not_found"}, match={"event": "SUBSCRIBE_CHANNEL"}, times=1)
    socket = sockets.join(ann)
    with claim("RT-SUB-06", "a planned refusal of a subscription is told with its code"):
        name, payload = socket.subscribe(room)
        assert (name, payload["error"]["code"]) == ("SUBSCRIBE_CHANNEL_FAILED", "space.not_found")


def test_reject_of_a_connect(cloud: Cloud, sockets: Sockets, ann: Person) -> None:
    """A valid credential is refused as an expired one is, and the next CONNECT succeeds."""
    plan(cloud, {"reject": "auth.credential_expired"}, match={"event": "connect"}, times=1)
    assert "auth.credential_expired" in str(sockets.open(ann).join())
    assert str(sockets.open(ann).join()).startswith("40/chat")
    assert fired(cloud) == [1]


def test_swallowed_event_never_happened(cloud: Cloud, sockets: Sockets, ann: Person, room: str) -> None:
    """A swallowed event is neither answered nor carried out."""
    fault = plan(cloud, {"frame": "swallow"}, match=SEND, times=1)
    socket = sockets.join(ann, room)
    socket.emit("SEND_MESSAGE", {"category": "chat", "topicId": room, "content": {"bodyText": "lost"}})
    assert socket.heard() == []
    assert (chats(cloud), fired(cloud)) == ([], [1])
    assert fault in cloud.why(event="SEND_MESSAGE")


@pytest.mark.parametrize("frame", ["swallow", "close"])
def test_lost_event_is_not_acknowledged(cloud: Cloud, sockets: Sockets, ann: Person, room: str, frame: str) -> None:
    """What is lost is lost whole: it is not acknowledged, the next event is."""
    plan(cloud, {"frame": frame}, match=SEND, times=1)
    event = {"category": "chat", "topicId": room, "content": {"bodyText": "lost"}}
    socket = sockets.join(ann, room)
    socket.emit("SEND_MESSAGE", event, ack="17")
    if frame == "close":
        assert not [told for told in socket.end()[0] if str(told).startswith("43")]
        socket = sockets.join(ann, room)
    else:
        assert socket.heard() == []
    socket.emit("SEND_MESSAGE", event, ack="18")
    assert [told for told in socket.frames() if str(told).startswith("43")] == ["43/chat,18[]"]


def test_duplicated_event_happens_twice(cloud: Cloud, sockets: Sockets, ann: Person, room: str) -> None:
    """A duplicated message is stored and announced twice, as after a client's own repetition."""
    plan(cloud, {"frame": "duplicate"}, match=SEND, times=1)
    socket = sockets.join(ann, room)
    socket.emit("SEND_MESSAGE", {"category": "chat", "topicId": room, "content": {"bodyText": "twice"}})
    assert len(socket.said("MESSAGE_SENT")) == 2
    assert chats(cloud) == ["twice", "twice"]


def test_close_ends_the_connection(cloud: Cloud, sockets: Sockets, ann: Person, room: str) -> None:
    """A closing fault ends the connection instead of carrying the event out."""
    plan(cloud, {"frame": "close"}, match=SEND, times=1)
    socket = sockets.join(ann, room)
    socket.emit("SEND_MESSAGE", {"category": "chat", "topicId": room, "content": {"bodyText": "lost"}})
    socket.end()
    assert chats(cloud) == []
    assert sockets.join(ann, room).message(room, "after")[0] == "MESSAGE_SENT"


def test_delayed_event_comes_later(cloud: Cloud, sockets: Sockets, ann: Person, room: str) -> None:
    """A delayed event is carried out after the time, and the events behind it wait for it."""
    plan(cloud, {"delay": 0.2}, match=SEND, times=1)
    socket = sockets.join(ann, room)
    before = time.monotonic()
    assert socket.message(room, "late")[0] == "MESSAGE_SENT"
    assert time.monotonic() - before >= 0.2


def test_fault_of_requests_leaves_sockets_alone(cloud: Cloud, sockets: Sockets, ann: Person, room: str) -> None:
    """An answer that is planned for everything meets calls only: a socket has no answers."""
    plan(cloud, {"status": 503})
    assert sockets.join(ann, room).message(room)[0] == "MESSAGE_SENT"
    assert fired(cloud) == [0]


def test_fault_of_one_socket_caller(cloud: Cloud, sockets: Sockets, ann: Person) -> None:
    """A fault named after a caller meets his events and nobody else's."""
    bob = cloud.user("bob@example.com")
    cloud.control("POST", "/spaces", {"title": "Both", "owner": ann.username, "members": [{"username": bob.username}]})
    shared = cloud.control("GET", "/spaces")["data"][-1]["_id"]
    plan(cloud, {"reject": "permission.denied"}, match={**SEND, "caller": bob.username})
    assert sockets.join(ann, shared).message(shared, "one")[0] == "MESSAGE_SENT"
    assert sockets.join(bob, shared).message(shared, "two")[0] == "SEND_MESSAGE_FAILED"


HEARD = {"event": "MESSAGE_SENT"}


def test_lost_announcement_is_stored_all_the_same(cloud: Cloud, sockets: Sockets, ann: Person, room: str) -> None:
    """An announcement that is swallowed never arrives, while its message is there and the journal tells."""
    fault = plan(cloud, {"frame": "swallow"}, match=HEARD, times=1)
    socket = sockets.join(ann, room)
    cloud.call("POST", f"/spaces/{room}/chats", ann, json={"content": {"bodyText": "lost"}})
    assert socket.heard() == []
    assert (chats(cloud), fired(cloud)) == (["lost"], [1])
    assert fault in cloud.why(event="MESSAGE_SENT")
    assert socket.message(room, "heard")[0] == "MESSAGE_SENT"


def test_announcement_can_come_twice(cloud: Cloud, sockets: Sockets, ann: Person, room: str) -> None:
    """A duplicated announcement says the same twice, while one message is stored: clients tell them apart."""
    plan(cloud, {"frame": "duplicate"}, match=HEARD, times=1)
    socket = sockets.join(ann, room)
    cloud.call("POST", f"/spaces/{room}/chats", ann, json={"content": {"bodyText": "once"}})
    first, second = socket.said("MESSAGE_SENT")
    assert first == second
    assert chats(cloud) == ["once"]


def test_announcement_can_be_the_last(cloud: Cloud, sockets: Sockets, ann: Person, room: str) -> None:
    """A connection can end at the moment when it would have heard something."""
    plan(cloud, {"frame": "close"}, match=HEARD, times=1)
    socket = sockets.join(ann, room)
    cloud.call("POST", f"/spaces/{room}/chats", ann, json={"content": {"bodyText": "x"}})
    frames, _code = socket.end()
    assert "MESSAGE_SENT" not in str(frames)


def test_announcement_is_lost_for_one(cloud: Cloud, sockets: Sockets, ann: Person) -> None:
    """A fault named after a caller loses what is said to him, and to nobody else."""
    bob = cloud.user("bob@example.com")
    space = cloud.open_space(ann, members=[{"username": bob.username}])
    plan(cloud, {"frame": "swallow"}, match={**HEARD, "caller": bob.username})
    hers, his = sockets.join(ann, space), sockets.join(bob, space)
    cloud.call("POST", f"/spaces/{space}/chats", ann, json={"content": {"bodyText": "x"}})
    assert (len(hers.said("MESSAGE_SENT")), len(his.said("MESSAGE_SENT"))) == (1, 0)


def test_unnamed_fault_leaves_announcements_alone(cloud: Cloud, sockets: Sockets, ann: Person, room: str) -> None:
    """A fault for sockets that names no event meets what clients send, not what they hear."""
    plan(cloud, {"frame": "duplicate"}, match={"surface": "realtime"}, times=9)
    socket = sockets.open(ann)
    socket.join()
    socket.emit("SUBSCRIBE_CHANNEL", {"channel": {"type": "topic", "_id": room}})
    assert len(socket.said("CHANNEL_SUBSCRIBED")) == 2
    assert fired(cloud) == [1]


def test_unknown_event_meets_no_fault(cloud: Cloud, sockets: Sockets, ann: Person) -> None:
    """An event that the cloud ignores cannot use a fault up."""
    plan(cloud, {"delay": 0.01})
    socket = sockets.join(ann)
    socket.emit("SOMETHING", {})
    socket.frames()
    assert fired(cloud) == [1]  # by the CONNECT
