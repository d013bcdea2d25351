"""What belongs together in the journal: a call, and the frames that announced what it did."""

import base64
import json
import time
from typing import Any

import httpx
import pytest

from contract_tests.kit import Cloud, only_mock
from contract_tests.oauth import Browser
from contract_tests.sockets import Chat, Sockets, address


@pytest.fixture(autouse=True)
def _mock_only(cloud: Cloud) -> None:
    only_mock(cloud, "the journal is the mock's own")


def journal(cloud: Cloud, query: str = "") -> list[dict[str, Any]]:
    """Return the journal's entries."""
    entries: list[dict[str, Any]] = cloud.control("GET", f"/journal?{query}")["entries"]
    return entries


def test_frames_lead_to_the_call_that_caused_them(cloud: Cloud, sockets: Sockets) -> None:
    """The announcements of a call have its trace, those of another call another one."""
    ann = cloud.user()
    space = cloud.space(ann)
    sockets.join(ann, space)
    for text in ("one", "two"):
        cloud.call("POST", f"/spaces/{space}/chats", ann, json={"content": {"bodyText": text}})
    calls, frames = journal(cloud, "endpoint=MSG-CHAT"), journal(cloud, "event=MESSAGE_SENT")
    assert [frame["trace"] for frame in frames] == [call["trace"] for call in calls]
    assert calls[0]["trace"] != calls[1]["trace"]
    together = journal(cloud, f"trace={calls[0]['trace']}")
    assert [entry["event"] or entry["endpoint"] for entry in together] == ["MESSAGE_SENT", "MSG-CHAT"]


def test_frames_lead_to_the_event_that_caused_them(cloud: Cloud, sockets: Sockets) -> None:
    """What a socket event caused has its trace; every event of a connection has one of its own."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat = sockets.join(ann, space)
    chat.message(space)
    chat.settle()
    (sent,) = journal(cloud, "event=SEND_MESSAGE")
    (heard,) = journal(cloud, "event=MESSAGE_SENT")
    (subscribed,) = journal(cloud, "event=CHANNEL_SUBSCRIBED")
    assert sent["trace"] == heard["trace"]
    assert subscribed["trace"] not in (sent["trace"], journal(cloud, "event=connect")[0]["trace"])


def test_frames_of_a_control_call_belong_together(cloud: Cloud, sockets: Sockets) -> None:
    """What a control call caused has a trace too, that of no call in the journal."""
    ann = cloud.user()
    space = cloud.space(ann)
    sockets.join(ann, space)
    body = {"username": ann.username, "content": {"bodyText": "x"}}
    cloud.control("POST", f"/spaces/{space}/messages", body)
    (heard,) = journal(cloud, "event=MESSAGE_SENT")
    assert [entry["event"] for entry in journal(cloud, f"trace={heard['trace']}")] == ["MESSAGE_SENT"]


# --- the exchange


def test_exchange_is_kept_as_it_was(cloud: Cloud) -> None:
    """An entry has the request line, query, headers and body of a call, and headers and body of its answer."""
    ann = cloud.user()
    space = cloud.space(ann)
    body = {"content": {"bodyText": "hello"}}
    path = f"/spaces/{space}/chats"
    answer = cloud.call("POST", f"{path}?notify=no&notify=1", ann, headers={"X-Request-Id": "r 1"}, json=body)
    (entry,) = journal(cloud, "endpoint=MSG-CHAT")
    assert (entry["method"], entry["version"]) == ("POST", "1.1")
    assert entry["target"].endswith(f"/api{path}?notify=no&notify=1")
    assert entry["query"] == [["notify", "no"], ["notify", "1"]]
    sent = dict(entry["request"]["headers"])
    assert (sent["x-request-id"], sent["content-type"]) == ("r 1", "application/json")
    assert json.loads(entry["request"]["text"]) == body
    answered = dict(entry["response"]["headers"])
    assert answered["content-type"] == answer.headers["content-type"]
    assert json.loads(entry["response"]["text"]) == answer.json()
    assert entry["response"]["bytes"] == len(answer.content)
    assert not entry["request"]["truncated"]
    assert not entry["response"]["truncated"]


def test_long_body_says_that_it_is_cut(cloud: Cloud) -> None:
    """Of a long body the beginning is kept, with its length and a sign that the rest is missing."""
    ann = cloud.user()
    space = cloud.space(ann)
    cloud.call("POST", f"/spaces/{space}/chats", ann, json={"content": {"bodyText": "x" * 9000}})
    (entry,) = journal(cloud, "endpoint=MSG-CHAT")
    assert entry["request"]["truncated"]
    assert len(entry["request"]["text"]) == 8192 < entry["request"]["bytes"]


def test_location_of_a_redirect_is_kept(cloud: Cloud) -> None:
    """Where an answer leads is known from its headers."""
    cloud.http.get(f"{cloud.accounts}/account/logout", follow_redirects=False)
    (entry,) = journal(cloud, "path=/account/logout")
    assert entry["status"] == 302
    assert "location" in dict(entry["response"]["headers"])


def test_duration_is_that_of_the_answer(cloud: Cloud) -> None:
    """A delay that was planned is part of the duration, in milliseconds of real time."""
    ann = cloud.user()
    cloud.control("POST", "/faults", {"match": {"route": "GET /users/me"}, "action": {"delay": 0.2}, "times": 1})
    for _ in range(2):
        cloud.call("GET", "/users/me", ann)
    slow, quick = journal(cloud)
    assert slow["duration_ms"] > 190 > quick["duration_ms"] > 0


def test_calls_of_one_connection_name_it(cloud: Cloud) -> None:
    """Two calls over one connection have the same address and port of the client, one over another has not."""
    for _ in range(2):
        with httpx.Client(trust_env=False) as other:
            for _ in range(2):
                other.get(f"{cloud.api}/users/me")
    one, two, three, four = (entry["connections"] for entry in journal(cloud))
    assert one == two
    assert three == four
    assert one != three
    assert len(one) == 1


# --- the credential


def test_credential_of_a_service_app_is_decoded(cloud: Cloud) -> None:
    """A JWT shows its key and claims, whose the key is, and how long it was still good."""
    app = cloud.app()
    cloud.call(
        "GET", "/users/me", headers={"Authorization": f"service_app {app.sign(app.claims(exp=int(time.time()) + 60))}"}
    )
    (entry,) = journal(cloud)
    credential = entry["credential"]
    key = {name: credential[name] for name in ("scheme", "kind", "kid", "iss", "sub", "aud", "key")}
    assert key == {
        "scheme": "service_app",
        "kind": "svc",
        "kid": app.key["kid"],
        "iss": app.key["iss"],
        "sub": app.key["sub"],
        "aud": "spaces.avayacloud.com",
        "key": "a key of this app",
    }
    assert 55 < credential["seconds_left"] <= 60


def test_refused_credential_is_decoded_too(cloud: Cloud) -> None:
    """A JWT with the key of another app says whose key it is; one that is none says nothing but its scheme."""
    one, two = cloud.app(), cloud.app()
    signed = one.sign(one.claims(exp=1), {"kid": two.key["kid"]})
    for header in (f"service_app {signed}", "service_app x.y.z"):
        cloud.call("GET", "/users/me", headers={"Authorization": header})
    foreign, nonsense = (entry["credential"] for entry in journal(cloud))
    assert (foreign["kid"], foreign["key"]) == (two.key["kid"], f'a key of app "{two.key["iss"]}"')
    assert foreign["seconds_left"] < -1_000_000_000
    assert (nonsense["scheme"], nonsense["kind"]) == ("service_app", "svc")


@pytest.mark.parametrize("kind", ["oauth", "jwt"])
def test_credential_of_a_person_tells_what_is_left(cloud: Cloud, kind: str) -> None:
    """The token of a person says how long it was still good when it was used, and whether it is the same again."""
    made = cloud.control("POST", "/tokens", {"username": "ann@example.com", "kind": kind, "expires_in": 100})
    for _ in range(2):
        cloud.call("GET", "/users/me", headers={"Authorization": f"{made['scheme']} {made['token']}"})
    one, two = (entry["credential"] for entry in journal(cloud))
    assert one["kind"] == {"oauth": "oauth", "jwt": "user"}[kind]
    assert 90 < one["seconds_left"] <= 100
    assert one["fingerprint"] == two["fingerprint"] != ""


def test_no_secret_is_shown(cloud: Cloud, sockets: Sockets) -> None:
    """Neither tokens nor passwords are in the journal or the archive, wherever they were sent or answered."""
    ann, client = cloud.user(), cloud.control("POST", "/oauth-clients", {"name": "App"})
    form = {"grant_type": "password", "username": ann.username, "password": ann.password, "scope": "spaces"}
    basic = (client["client_id"], client["client_secret"])
    answer = cloud.http.post(f"{cloud.accounts}/oauth2/access_token", data=form, auth=basic)
    issued = answer.json()
    cloud.http.get(f"{cloud.accounts}/oauth2/get_token_info", params={"id_token": issued["id_token"]})
    sockets.join(ann)
    shown = json.dumps(cloud.control("GET", "/journal")) + json.dumps(cloud.control("GET", "/journal?format=har"))
    secrets = [ann.token, ann.password, client["client_secret"], *(issued[name] for name in issued if "token" in name)]
    secrets.append(base64.b64encode(":".join(basic).encode()).decode())
    assert len(secrets) >= 6
    for secret in secrets:
        if secret not in ("Bearer", "bearer"):
            assert secret not in shown, secret
    assert client["client_id"] in shown


# --- filters


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("surface=acounts", 'did you mean "accounts"'),
        ("method=GTE", 'did you mean "GET"'),
        ("endpoint=USERS-MEE", 'did you mean "USERS-ME"'),
        ("route=GET%20/user/me", 'did you mean "GET /users/me"'),
        ("event=MESAGE_SENT", 'did you mean "MESSAGE_SENT"'),
        ("code=auth.credential_invalit", 'did you mean "auth.credential_invalid"'),
        ("status=6xx", "4xx"),
        ("refused=maybe", "refused"),
        ("since=noon", "ISO-8601"),
        ("format=hra", "har"),
        ("route=GET%20/users/me&endpoint=USERS-ME", "not both"),
    ],
)
def test_filter_that_nothing_can_fit_is_refused(cloud: Cloud, query: str, hint: str) -> None:
    """A misspelt value would find nothing for ever: it is refused with the nearest one, as in planned faults."""
    answer = cloud.http.get(f"{cloud.urls['control']}/journal?{query}")
    assert answer.status_code == 400
    assert hint in answer.json()["why"]


def test_filter_of_a_wait_is_checked_too(cloud: Cloud) -> None:
    """A wait for what can never come is refused at once, and the member is named."""
    answer = cloud.http.post(f"{cloud.urls['control']}/journal/wait", json={"filter": {"surface": "acounts"}})
    assert answer.status_code == 400
    assert 'filter.surface: no surface "acounts"' in answer.json()["why"]


def test_entries_are_found_by_what_became_of_them(cloud: Cloud) -> None:
    """Filters know refusals, codes, classes of status, routes, and callers by their name alone."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    cloud.call("GET", "/users/me", ann)
    cloud.call("GET", "/users/me", bob)
    cloud.call("GET", "/users/me")
    cloud.call("GET", "/spaces/0123456789abcdef01234567", ann)
    for query, count in (
        ("refused=true", 2),
        ("refused=false", 2),
        ("code=auth.credential_missing", 1),
        ("status=4xx", 2),
        ("status=2xx", 2),
        ("status=404", 1),
        ("route=GET%20/users/me", 3),
        ("route=get%20/api/users/me", 3),
        ("method=get", 4),
        ("caller=ann@example.com", 2),
        ("caller=oauth%20*", 3),
        ("path=/api/*/me", 3),
        ("event=connect", 0),
    ):
        assert len(journal(cloud, query)) == count, query


def test_entries_since_a_time_of_the_world(cloud: Cloud) -> None:
    """What happened before a time of the world's clock is left out."""
    cloud.control("POST", "/clock", {"freeze": "2031-02-03T04:05:06Z"})
    cloud.call("GET", "/users/me")
    cloud.control("POST", "/clock", {"advance": 60})
    cloud.call("GET", "/users/me")
    assert len(journal(cloud, "since=2031-02-03T04:05:06Z")) == 2
    assert len(journal(cloud, "since=2031-02-03T04:05:07Z")) == 1


def test_every_code_is_a_refusal(cloud: Cloud) -> None:
    """An error that is a page, as a wrong password, or a redirect back to the client is a refusal all the same."""
    client = cloud.control("POST", "/oauth-clients", {"redirect_uris": ["http://localhost/back"]})
    query = {"client_id": client["client_id"], "redirect_uri": "http://localhost/back", "response_type": "nonsense"}
    answer = cloud.http.get(f"{cloud.accounts}/oauth2/authorize", params=query, follow_redirects=False)
    assert answer.status_code == 302
    browser = Browser(cloud)
    assert browser.sign_in(password="wrong").status_code == 200
    entries = journal(cloud, "refused=true")
    assert [entry["status"] for entry in entries] == [302, 200]
    assert all(entry["refused"] and entry["code"] for entry in entries)


# --- the archive


def test_archive_has_every_exchange(cloud: Cloud) -> None:
    """HAR 1.2 has what its readers want of an exchange, and says why it was refused."""
    ann = cloud.user()
    cloud.call("GET", "/users/me", ann)
    cloud.call("POST", "/spaces/invite?x=1", json={"topic": {"title": "Room"}})
    log = cloud.control("GET", "/journal?format=har")["log"]
    assert log["version"] == "1.2"
    fine, refused = log["entries"]
    assert fine["request"]["url"] == f"{cloud.api}/users/me"
    assert refused["request"]["queryString"] == [{"name": "x", "value": "1"}]
    assert json.loads(refused["request"]["postData"]["text"]) == {"topic": {"title": "Room"}}
    assert refused["response"]["status"] == 401
    assert refused["response"]["content"]["mimeType"].startswith("application/json")
    assert "Authorization" in refused["comment"]
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
        for side in ("request", "response"):
            assert {"httpVersion", "cookies", "headers", "headersSize", "bodySize"} <= set(entry[side])


def test_archive_has_sockets_with_their_frames(cloud: Cloud) -> None:
    """A WebSocket is one entry with the frames of both directions in their order; each connection has its own."""
    ann = cloud.user()
    space = cloud.space(ann)
    query = {"EIO": "3", "transport": "websocket", "token": ann.token, "tokenType": "oauth"}
    with Chat(address(cloud.urls, query)) as one, Chat(address(cloud.urls, query)) as two:
        for chat in (one, two):
            chat.join()
            chat.subscribe(space)
        cloud.call("POST", f"/spaces/{space}/chats", ann, json={"content": {"bodyText": "hello"}})
        entries = cloud.control("GET", "/journal?format=har")["log"]["entries"]
    sockets = [entry for entry in entries if entry.get("_resourceType") == "websocket"]
    assert len(sockets) == 2
    for entry in sockets:
        assert entry["response"]["status"] == 101
        assert entry["request"]["url"].startswith("ws://")
        assert "tokenType=oauth" in entry["request"]["url"]
        frames = [(frame["type"], frame["data"]) for frame in entry["_webSocketMessages"]]
        kinds = [kind for kind, data in frames if "SUBSCRIBE_CHANNEL" in data or "MESSAGE_SENT" in data]
        assert kinds == ["send", "receive"]
        assert "hello" in frames[-1][1]
