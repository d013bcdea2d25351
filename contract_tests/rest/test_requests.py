import codecs
import gzip
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import ISO_TIME, OBJECT_ID, App, Cloud, Person, behaviour, only_mock, refused, send_raw

MIB = 1024 * 1024
LIMIT = 5 * MIB
MODEST = 100  # levels of JSON that hurt nobody
HOSTILE = "a real service is spared requests that could hurt it"
TITLE = {"topic": {"title": "Room"}}


def raw(cloud: Cloud, request: str | bytes, **options: bool) -> httpx.Response:
    return send_raw(cloud.api, request if isinstance(request, bytes) else request.encode(), **options)


def get_raw(cloud: Cloud, target: str, *lines: str) -> httpx.Response:
    return raw(
        cloud, "\r\n".join([f"GET {cloud.prefix}{target} HTTP/1.1", "Host: x", "Connection: close", *lines, "", ""])
    )


@behaviour("REST-HOST-01")
@pytest.mark.parametrize(
    "host", ["spacesapis.avayacloud.com", "loganstagingapis.esna.com", "x:1", "", "evil.example\t", "[::1]", "a..b"]
)
def test_the_host_header_is_ignored(cloud: Cloud, host: str) -> None:
    """Whatever name a client calls the mock by, it answers the same and repeats the name nowhere."""
    only_mock(cloud, "a real service has hosts of its own")
    plain = cloud.call("GET", "/service-configurations").json()
    with claim("REST-HOST-01", "it answers the same"):
        path = f"{cloud.prefix}/api/service-configurations"
        answer = raw(cloud, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
        expect(answer.status_code, 200)
        observe(answer.json(), plain)


@behaviour("REST-HOST-03")
@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/_mock/nothing", "control"),
        ("/api/nothing", "rest"),
        ("/api/spaces/x/y/z", "rest"),
        ("/health/x", "rest"),
        ("/", "web"),
        ("/nothing", "web"),
        ("/api", "web"),
        ("/apis/users/me", "web"),
        ("/API/users/me", "web"),
        ("//api/users/me", "web"),
        ("/index.html", "web"),
        ("/healthy", "web"),
    ],
)
def test_an_unknown_path_is_answered_in_the_style_of_its_surface(cloud: Cloud, path: str, form: str) -> None:
    """The first prefix that fits decides who answers 404: control API, REST API, or the web host as a page."""
    if form != "rest":
        only_mock(cloud, "a real service has an origin for each surface")
    answer = get_raw(cloud, path)
    with claim("REST-HOST-03", "it is not found", about=[answer]):
        observe(answer.status_code, 404)
    with claim("REST-HOST-03", "it is answered in the style of its surface", about=[answer]):
        if form == "web":
            observe(answer.headers["content-type"], "text/html; charset=utf-8")
        else:
            observe(answer.json()["code"], "route.not_found")
            observe("why" in answer.json(), form == "control")
            observe("access-control-allow-origin" in answer.headers, form == "rest")


@behaviour("REST-REQ-01")
@pytest.mark.parametrize("query", ["", "?", "?=30", "?&&", "?x=1&y=2&z", "?size=5&size=6", "?%", "?%ff=%fe", "?a=b=c"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_final_slash_and_a_malformed_query_are_tolerated(cloud: Cloud, slash: str, query: str) -> None:
    """A path with a final slash, and any query that means nothing, are answered like the plain path."""
    guest = cloud.guest()
    plain = cloud.call("GET", "/users/me", guest).json()
    with claim("REST-REQ-01", "it is answered like the plain path"):
        expect(cloud.call("GET", f"/users/me{slash}{query}", guest).json(), plain)


@behaviour("REST-REQ-01")
def test_a_final_slash_is_tolerated_on_posts(cloud: Cloud) -> None:
    """A final slash does not matter to a POST either, with or without a credential."""
    with claim("REST-REQ-01", "an anonymous login takes a final slash"):
        expect(cloud.call("POST", "/anonymous/auth/", json=TITLE).status_code, 200)
    app = cloud.app("spaces.create")
    with claim("REST-REQ-01", "an invitation takes a final slash"):
        expect(cloud.call("POST", "/spaces/invite/", app, json=TITLE).status_code, 200)
    ann = cloud.user()
    for path in ("/anonymous/auth/", "/spaces/invite/"):
        with claim("REST-REQ-01", f"a person's POST {path} takes a final slash"):
            expect(cloud.call("POST", path, ann, json=TITLE).status_code, 200)


@behaviour("REST-ALIAS-02")
@pytest.mark.parametrize(
    "path",
    ["/Users/me", "/users/Me", "/users/me/x", "/users//me", "//users/me", "/users%2Fme", "/users/me;a=b", "/users/me."],
)
def test_another_spelling_of_a_path_is_unknown(cloud: Cloud, path: str) -> None:
    """Words of a path are compared exactly: letter case, empty segments and encoded slashes count."""
    answer = get_raw(cloud, f"/api{path}", f"Authorization: {cloud.guest().authorization}")
    with claim("REST-ALIAS-02", "it is not found", about=[answer]):
        refused(answer, 404, "route.not_found")
        observe(answer.status_code, 404)


@behaviour("REST-ALIAS-02")
def test_a_percent_encoded_letter_is_the_letter(cloud: Cloud) -> None:
    """An encoded letter of a path stands for itself."""
    guest = cloud.guest()
    with claim("REST-ALIAS-02", "it is the path without encoding"):
        answer = get_raw(cloud, "/api/%75sers/m%65", f"Authorization: {guest.authorization}")
        observe(answer.status_code, 200)


@behaviour("REST-ALIAS-02", "ERR-ORDER-02")
@pytest.mark.parametrize("segment", ["a%2Fb", "%2e%2e", "..", "%5c", "a?b".replace("?", "%3F"), "%00", "%0d%0aX:1"])
def test_an_id_may_hold_any_character_and_is_unknown_then(cloud: Cloud, segment: str) -> None:
    """A hostile path segment is one unknown id, no other path and no header."""
    ann = cloud.user()
    answer = get_raw(cloud, f"/api/spaces/{segment}", f"Authorization: {ann.authorization}")
    with claim("REST-ALIAS-02", "it is one id, no other path and no header", about=[answer]):
        refused(answer, 404, "space.not_found")
        assert "X" not in answer.headers
    with claim("ERR-ORDER-02", "a malformed id is not found", about=[answer]):
        observe(answer.status_code, 404)


@behaviour("REST-ALIAS-02")
@pytest.mark.parametrize("length", [1_000, 20_000, 60_000])
def test_a_very_long_path_is_not_found(cloud: Cloud, length: int) -> None:
    """A path of tens of thousands of characters is answered, not dropped."""
    only_mock(cloud, HOSTILE)
    ann = cloud.user()
    with claim("REST-ALIAS-02", "a long id is not found"):
        answer = get_raw(cloud, f"/api/spaces/{'a' * length}", f"Authorization: {ann.authorization}")
        refused(answer, 404, "space.not_found")
    with claim("REST-ALIAS-02", "a path of many segments is not found"):
        refused(get_raw(cloud, f"/api{'/a' * (length // 2)}"), 404, "route.not_found")


@behaviour("REST-ALIAS-01")
def test_topics_is_the_older_word_for_spaces(cloud: Cloud) -> None:
    """A space is created, read and joined under either word."""
    user = cloud.user()
    made = cloud.call("POST", "/topics/invite", user, json=TITLE)
    with claim("REST-ALIAS-01", "a space is created as a topic", about=[made]):
        expect(made.status_code, 200)
    space = made.json()["data"][0]["topicId"]
    for path in ("/topics/{}", "/spaces/{}", "/topics/{}/"):
        with claim("REST-ALIAS-01", f"it is read under {path}"):
            expect(cloud.call("GET", path.format(space), user).json()["_id"], space)
    with claim("REST-ALIAS-01", "its members are those of a topic"):
        expect(len(cloud.call("GET", f"/topics/{space}/members", user).json()["data"]), 1)
    with claim("REST-ALIAS-01", "somebody's spaces are their topics"):
        listed = cloud.call("GET", "/users/me/topics?size=50", user).json()["data"]
        expect(space in [one["_id"] for one in listed], wanted=True)
    with claim("REST-ALIAS-01", "it is joined as a topic"):
        expect(cloud.call("GET", f"/topics/{space}/join", user).json()["topic"]["_id"], space)


@behaviour("REST-REQ-02")
@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "application/json", "Content-Type": "application/json"},
        {"Accept": "text/html", "Content-Type": "text/plain"},
        {"Accept": "", "Content-Type": ""},
        {"accept-version": "1.2"},
        {"accept-version": "9"},
    ],
)
def test_accept_headers_have_no_effect(cloud: Cloud, headers: dict[str, str]) -> None:
    """A GET is answered the same whatever it says to accept, and without saying it."""
    guest = cloud.guest()
    plain = get_raw(cloud, "/api/users/me", f"Authorization: {guest.authorization}")
    with claim("REST-REQ-02", "it is answered as without them"):
        answer = cloud.call("GET", "/users/me", guest, headers=headers)
        expect(answer.json(), plain.json())
        expect(answer.headers["content-type"], plain.headers["content-type"])


@behaviour("REST-REQ-03")
@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "nonsense",
        "",
        None,
    ],
)
def test_a_body_is_json_whatever_its_media_type_says(cloud: Cloud, media_type: str | None) -> None:
    """A text that parses as JSON is accepted under any media type."""
    headers = {} if media_type is None else {"Content-Type": media_type}
    app = cloud.app("spaces.create")
    with claim("REST-REQ-03", "it is taken"):
        answer = cloud.call("POST", "/spaces/invite", app, headers=headers, content=json.dumps(TITLE).encode())
        (expect if media_type == "application/json" else observe)(answer.status_code, 200)


@behaviour("REST-REQ-03")
@pytest.mark.parametrize("content", [b"", b" ", b"\r\n\t"])
def test_an_empty_body_counts_as_an_empty_object(cloud: Cloud, content: bytes) -> None:
    """Where every member is optional no body is needed, where one is required it is named."""
    with claim("REST-REQ-03", "where every member is optional it is taken"):
        observe(cloud.call("POST", "/anonymous/auth", content=content).status_code, 200)
    app = cloud.app("spaces.create")
    answer = cloud.call("POST", "/spaces/invite", app, content=content)
    with claim("REST-REQ-03", "where a member is required it is refused", about=[answer]):
        refused(answer, 400, "request.invalid")
    with claim("REST-REQ-03", "the refusal names the member that is missing", about=[answer]):
        assert "topic" in answer.json()["message"]


@behaviour("REST-REQ-03")
@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"topic=x"),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"--b\r\n\r\nx\r\n--b--\r\n"),
        ({"Content-Type": "application/xml"}, b"<topic/>"),
    ],
)
def test_forms_are_taken_by_the_anonymous_login_only(cloud: Cloud, headers: dict[str, str], content: bytes) -> None:
    """Another call does not understand a form."""
    app = cloud.app("spaces.create")
    with claim("REST-REQ-03", "another call refuses it"):
        refused(cloud.call("POST", "/spaces/invite", app, headers=headers, content=content), 400, "request.invalid")


@behaviour("REST-REQ-03")
@pytest.mark.parametrize("path", ["/spaces/invite", "/anonymous/auth"])
def test_a_body_that_hides_its_text_is_refused_by_name(cloud: Cloud, path: str) -> None:
    """A compressed body and one with a byte order mark are told as such, whatever the call and its media type."""
    user, text = cloud.user(), json.dumps({**TITLE, "displayname": "Zoe"}).encode()
    slips = {
        "a compressed body": (gzip.compress(text), "gzip", "gzip"),
        "one that only says so": (text, "GZIP", "gzip"),
        "one of two encodings": (text, "br, gzip", "br, gzip"),
        "a byte order mark": (codecs.BOM_UTF8 + text, "identity", "byte order mark"),
    }
    for name, (content, encoding, word) in slips.items():
        for media_type in ("application/json", "application/x-www-form-urlencoded"):
            headers = {"Content-Type": media_type, "Content-Encoding": encoding}
            answer = cloud.call("POST", path, user, headers=headers, content=content)
            with claim("REST-REQ-03", f"{name}, {media_type}: it is refused", about=[answer]):
                refused(answer, 400, "request.invalid")
                assert word in answer.json()["message"], answer.text
    with claim("REST-REQ-03", "an empty body has nothing to hide, and identity is no encoding"):
        observe(cloud.call("POST", "/anonymous/auth", headers={"Content-Encoding": "gzip"}).status_code, 200)
        identity = {"Content-Encoding": "Identity"}
        observe(cloud.call("POST", "/spaces/invite", user, headers=identity, content=text).status_code, 200)


@behaviour("REST-REQ-04")
def test_unknown_members_are_ignored(cloud: Cloud) -> None:
    """Members that no document knows, at any depth, change nothing."""
    topic = {"title": "Room", "confPin": "1", "members": 7, "__proto__": {"admin": True}}
    body = {"topic": topic, "invitees": [{"invitee": "x@example.com", "mood": "good"}], "owner": {"_id": "x"}}
    user = cloud.user()
    answer = cloud.call("POST", "/spaces/invite", user, json=body)
    with claim("REST-REQ-04", "they are taken", about=[answer]):
        expect(answer.status_code, 200)
    space = answer.json()["data"][0]["topicId"]
    with claim("REST-REQ-04", "they change nothing"):
        shown = cloud.call("GET", f"/spaces/{space}", user).json()
        observe((shown["title"], shown["settings"]["confPin"], shown["cid"]), ("Room", "", user.id))


def padded(size: int) -> bytes:
    """Return a valid body of exactly so many bytes."""
    text = json.dumps({**TITLE, "x": ""}).encode()
    return text[:-2] + b"a" * (size - len(text)) + text[-2:]


@behaviour("REST-REQ-05")
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_the_limit_is_taken_and_one_byte_more_is_not(cloud: Cloud, *, chunked: bool) -> None:
    """Five MiB are accepted, one byte more is 413, with a length and in chunks."""
    only_mock(cloud, HOSTILE)
    user = cloud.user()
    for size, status in ((LIMIT, 200), (LIMIT + 1, 413)):
        data = padded(size)
        pieces = iter([data[at : at + MIB] for at in range(0, size, MIB)])
        with claim("REST-REQ-05", f"a body of {size} bytes is answered {status}"):
            answer = cloud.call("POST", "/spaces/invite", user, content=pieces if chunked else data)
            observe(answer.status_code, status)
    with claim("REST-REQ-05", "the refusal says that the body is too large", about=[answer]):
        refused(answer, 413, "request.too_large")


@behaviour("REST-REQ-05", "ERR-ORDER-01")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/spaces/invite"),
        ("POST", "/anonymous/auth"),
        ("POST", "/nothing"),
        ("DELETE", "/users/me"),
        ("GET", "/users/me"),
    ],
)
@pytest.mark.parametrize("media_type", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_too_large_comes_before_everything(cloud: Cloud, method: str, path: str, media_type: str) -> None:
    """A body over the limit is 413 of any media type, on any path and method and without a credential."""
    only_mock(cloud, HOSTILE)
    headers = {"Content-Type": media_type}
    with claim("REST-REQ-05", "ERR-ORDER-01", "it is refused as too large before all else"):
        answer = cloud.call(method, path, headers=headers, content=b"a" * (LIMIT + 1))
        refused(answer, 413, "request.too_large")


@behaviour("REST-REQ-05")
def test_a_length_alone_is_enough_to_refuse(cloud: Cloud) -> None:
    """A request that announces too large a body is refused before the body is sent."""
    head = "POST /api/anonymous/auth HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n"
    for length in (LIMIT + 1, 10**18):
        if length > 2 * LIMIT:
            only_mock(cloud, HOSTILE)
        with claim("REST-REQ-05", f"an announced length of {length} is refused"):
            refused(raw(cloud, head.format(length)), 413, "request.too_large")


@pytest.mark.parametrize(
    "lines",
    [
        "Content-Length: -1",
        "Content-Length: x",
        "Content-Length: 1e3",
        "Content-Length: " + "9" * 5000,
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, identity",
    ],
)
def test_a_contradictory_length_is_no_request(cloud: Cloud, lines: str) -> None:
    """A request whose length is malformed or told twice differently is 400, and makes nobody."""
    only_mock(cloud, HOSTILE)
    before = cloud.control("GET", "")["counts"]["anonymous"]
    answer = raw(cloud, f"POST /api/anonymous/auth HTTP/1.1\r\nHost: x\r\n{lines}\r\nConnection: close\r\n\r\n{{}}\r\n")
    assert answer.status_code == 400
    assert cloud.control("GET", "")["counts"]["anonymous"] == before


def test_a_body_that_breaks_off_does_nothing(cloud: Cloud) -> None:
    """A client that goes away before its announced body is complete has asked for nothing, even if it parses."""
    only_mock(cloud, HOSTILE)
    before = cloud.control("GET", "")["counts"]["anonymous"]
    url = httpx.URL(cloud.api)
    for head in ("Content-Length: 100", "Transfer-Encoding: chunked"):
        with socket.create_connection((url.host, url.port or 80)) as connection:
            body = '{"displayname": "Half"}'
            sent = body if "Length" in head else f"{len(body):x}\r\n{body}\r\n"
            connection.sendall(f"POST /api/anonymous/auth HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n{sent}".encode())
            time.sleep(0.05)
    time.sleep(0.1)
    assert cloud.control("GET", "")["counts"]["anonymous"] == before


def test_a_slow_body_is_waited_for(cloud: Cloud) -> None:
    """A body that comes in two pieces is one body."""
    only_mock(cloud, HOSTILE)
    url = httpx.URL(cloud.api)
    with socket.create_connection((url.host, url.port or 80)) as connection:
        body = '{"displayname": "Slow"}'
        head = f"POST /api/anonymous/auth HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall((head + body[:5]).encode())
        time.sleep(0.05)
        connection.sendall(body[5:].encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 200")


@behaviour("REST-REQ-06")
@pytest.mark.parametrize("path", ["/users/me", "/service-configurations", "/nothing", "/spaces/x", "/anonymous/auth"])
def test_head_is_get_without_the_body(cloud: Cloud, path: str) -> None:
    """HEAD has status and headers of GET and no body."""
    guest = cloud.guest()
    head, get = (cloud.call(method, path, guest) for method in ("HEAD", "GET"))
    with claim("REST-REQ-06", "the status is that of GET, and there is no body", about=[head, get]):
        observe((head.status_code, head.content), (get.status_code, b""))
    with claim("REST-REQ-06", "the headers are those of GET", about=[head, get]):
        for name in ("content-type", "content-length", "etag", "allow", "access-control-allow-origin"):
            observe(head.headers.get(name), get.headers.get(name), name)


def nested(depth: int) -> bytes:
    """Return a valid body whose member ``x`` brings it to so many levels."""
    inner = "[" * (depth - 1) + "]" * (depth - 1)
    return f'{{"topic": {{"title": "x"}}, "x": {inner}}}'.encode()


@behaviour("REST-REQ-07")
@pytest.mark.parametrize(("depth", "status"), [(31, 200), (32, 200), (33, 400), (1000, 400), (200_000, 400)])
def test_json_may_nest_thirty_two_levels(cloud: Cloud, depth: int, status: int) -> None:
    """Thirty-two levels are accepted, more are 400, however many, also in a member that nobody reads."""
    if depth > MODEST:
        only_mock(cloud, HOSTILE)
    app = cloud.app("spaces.create")
    answer = cloud.call("POST", "/spaces/invite", app, content=nested(depth))
    if status == 200:
        with claim("REST-REQ-07", "it is taken", about=[answer]):
            observe(answer.status_code, status)
        return
    with claim("REST-REQ-07", "it is refused, and never a server error", about=[answer]):
        observe(answer.status_code, status)
        refused(answer, 400, "request.invalid")
    with claim("REST-REQ-07", "the refusal names the limit", about=[answer]):
        assert "32" in answer.json()["message"]


@behaviour("REST-REQ-07")
def test_brackets_in_a_text_are_no_levels(cloud: Cloud) -> None:
    """A text full of brackets, as many as no array could have, nests no deeper than any other text."""
    ann = cloud.user()
    space = cloud.space(ann)
    for count, kind in ((33, "few"), (30_000, "many")):
        if kind == "many":
            only_mock(cloud, HOSTILE)
        with claim("REST-REQ-07", f"{kind} of them are taken"):
            body = {"content": {"bodyText": "[{" * count + '\\"' * count}}
            observe(cloud.call("POST", f"/spaces/{space}/chats", ann, json=body).status_code, 200)


@behaviour("REST-REQ-08")
@pytest.mark.parametrize("half", [r"\ud83c", r"\uDF89", r"\ud83cx", r"\udf89\ud83c"])
@pytest.mark.parametrize(
    ("content", "member"),
    [('{"topic": {"title": "a %s"}}', "topic.title"), ('{"topic": {"title": "x"}, "y": [1, "%s"]}', "y[1]")],
)
def test_half_of_a_character_is_refused_by_name(cloud: Cloud, half: str, content: str, member: str) -> None:
    """Half of a surrogate pair is no character: the refusal names its member, also one that nobody reads."""
    app = cloud.app("spaces.create")
    answer = cloud.call("POST", "/spaces/invite", app, content=(content % half).encode())
    with claim("REST-REQ-08", "it is refused", about=[answer]):
        refused(answer, 400, "request.invalid")
    with claim("REST-REQ-08", "the refusal names the member", about=[answer]):
        assert f"{member}: half of a surrogate pair" in answer.json()["message"]


@behaviour("REST-REQ-08")
def test_both_halves_are_a_character(cloud: Cloud) -> None:
    """A whole pair is taken, and so is a text that only looks like a half."""
    app = cloud.app("spaces.create")
    for title in (r"\ud83c\udf89", r"\\ud83c", r"\ufffd"):
        with claim("REST-REQ-08", f"{title} is taken"):
            content = f'{{"topic": {{"title": "{title}"}}}}'.encode()
            observe(cloud.call("POST", "/spaces/invite", app, content=content).status_code, 200)


@behaviour("REST-REQ-07")
@pytest.mark.parametrize("content", [b"[" * 200_000, b'{"a":' * 200_000, b"[" * 2_000_000])
def test_endless_nesting_is_refused(cloud: Cloud, content: bytes) -> None:
    """A body that only opens brackets is 400, never a server error."""
    only_mock(cloud, HOSTILE)
    user = cloud.user()
    for path in ("/spaces/invite", "/anonymous/auth"):
        with claim("REST-REQ-07", f"{path} refuses it"):
            refused(cloud.call("POST", path, user, content=content), 400, "request.invalid")


@behaviour("REST-REQ-07")
def test_many_brackets_in_a_text_are_no_nesting(cloud: Cloud) -> None:
    """Brackets beside one another, or in a text, do not count."""
    body = {"topic": {"title": "[{" * 500}, "x": [[[], {}]] * 500}
    app = cloud.app("spaces.create")
    with claim("REST-REQ-07", "they are taken"):
        observe(cloud.call("POST", "/spaces/invite", app, json=body).status_code, 200)


@behaviour("REST-OUT-01")
def test_no_url_of_a_request_is_ever_opened(cloud: Cloud) -> None:
    """URLs in a picture, in the header of a JWT and in an invitation are stored or parsed, never fetched."""
    only_mock(cloud, HOSTILE)
    opened: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"

        def listen() -> None:
            try:
                opened.append(listener.accept())
            except TimeoutError:
                return

        thread = threading.Thread(target=listen)
        thread.start()
        answer = cloud.call("POST", "/anonymous/auth", json={"picturefile": url, "displayname": url})
        guest = Person("", "", f"jwt {answer.json()['token']}")
        with claim("REST-OUT-01", "the URL of a picture is stored"):
            observe(cloud.call("GET", "/users/me", guest).json()["picture_url"], url)
        app = cloud.app()
        token = app.sign(headers={"jku": url, "x5u": url})
        body = {"topic": {"title": url, "description": url}, "invitees": [{"invitee": "x@example.com"}]}
        headers = {"Authorization": f"service_app {token}", "Referer": url, "Origin": url}
        with claim("REST-OUT-01", "URLs in a JWT, a space and headers do no harm"):
            observe(cloud.call("POST", "/spaces/invite", headers=headers, json=body).status_code, 200)
        thread.join()
    with claim("REST-OUT-01", "no URL has been opened"):
        observe(opened, [])


@behaviour("REST-RES-01", "REST-RES-02")
def test_success_is_200_and_json(cloud: Cloud) -> None:
    """Creating, reading, joining, changing and deleting are all answered 200 with JSON in UTF-8."""

    def shows(what: str, *call: Any, **content: Any) -> None:
        answer = cloud.call(*call, **content)
        with claim("REST-RES-01", f"{what} is answered 200", about=[answer]):
            expect(answer.status_code, 200)
        with claim("REST-RES-02", f"{what} is answered with JSON in UTF-8", about=[answer]):
            observe(answer.headers["content-type"], "application/json; charset=utf-8")

    shows("an anonymous login", "POST", "/anonymous/auth", json={})
    shows("reading the configuration", "GET", "/service-configurations")
    shows("reading oneself", "GET", "/users/me", cloud.guest())
    unusual = {"topic": {"title": "Ünïcode ☃"}}
    shows("an app's creating a space", "POST", "/spaces/invite", cloud.app("spaces.create"), json=unusual)
    user = cloud.user()
    space = cloud.space(user)
    message = {"_id": cloud.message(space, user)["_id"], "content": {"bodyText": "new"}}
    shows("creating a space", "POST", "/spaces/invite", user, json=unusual)
    shows("reading oneself as a person", "GET", "/users/me", user)
    shows("reading a space", "GET", f"/spaces/{space}", user)
    shows("joining a space", "GET", f"/spaces/{space}/join", user)
    shows("changing a message", "PATCH", f"/messages/{message['_id']}", user, json=message)
    shows("deleting a space", "DELETE", f"/spaces/{space}", user)


@behaviour("REST-RES-03")
def test_every_call_has_the_envelope_of_its_own(cloud: Cloud) -> None:
    """A space is bare when read, in topic when joined, and an invitation is in a list under data."""
    user = cloud.user()
    made = cloud.call("POST", "/spaces/invite", user, json=TITLE)
    with claim("REST-RES-03", "an invitation is in a list under data", about=[made]):
        expect(made.json()["data"][0]["topicId"], OBJECT_ID)
    space = made.json()["data"][0]["topicId"]
    with claim("REST-RES-03", "a space is bare when read"):
        expect(cloud.call("GET", f"/spaces/{space}", user).json()["_id"], space)
    with claim("REST-RES-03", "a space is in topic when joined"):
        expect(list(cloud.call("GET", f"/spaces/{space}/join", user).json()), ["topic"])
    with claim("REST-RES-03", "a user is bare"):
        expect(cloud.call("GET", "/users/me", user).json()["_id"], user.id)


@step("read a tag")
def etag_of(cloud: Cloud, user: Person) -> str:
    tag: str = cloud.call("GET", "/users/me", user).headers.get("etag", "")
    return tag  # whether there is one, claims look at


@behaviour("REST-RES-04")
@pytest.mark.parametrize("form", ["{tag}", '"x", {tag}', '{tag} , W/"y"', "*", "{strong}", " {tag} "])
def test_a_known_answer_is_not_sent_again(cloud: Cloud, form: str) -> None:
    """A matching If-None-Match is answered 304 without body, compared weakly, in a list or as a star."""
    guest = cloud.guest()
    tag = etag_of(cloud, guest)
    with claim("REST-RES-04", "the tag is a weak one"):
        assert re.fullmatch(r'W/"[^"]+"', tag), tag
    known = form.format(tag=tag, strong=tag.removeprefix("W/")).strip()
    answer = cloud.call("GET", "/users/me", guest, headers={"If-None-Match": known})
    with claim("REST-RES-04", "a tag that matches is answered 304 without body", about=[answer]):
        (expect if form == "{tag}" else observe)((answer.status_code, answer.content), (304, b""))
    with claim("REST-RES-04", "a 304 repeats the tag, and may be read by any page", about=[answer]):
        observe(answer.headers["etag"], tag)
        observe(answer.headers.get("access-control-allow-origin"), "*")
    with claim("REST-RES-04", "HEAD is answered 304 too"):
        observe(cloud.call("HEAD", "/users/me", guest, headers={"If-None-Match": known}).status_code, 304)


@behaviour("REST-RES-04")
@pytest.mark.parametrize("known", ['W/"other"', "", '"', "W/", "{bare}", '"{bare}x"'])
def test_another_tag_gets_the_whole_answer(cloud: Cloud, known: str) -> None:
    """A tag that does not match has no effect."""
    guest = cloud.guest()
    bare = etag_of(cloud, guest).removeprefix("W/").strip('"')
    with claim("REST-RES-04", "a tag that does not match gets the whole answer"):
        answer = cloud.call("GET", "/users/me", guest, headers={"If-None-Match": known.format(bare=bare)})
        expect(answer.status_code, 200)  # a 304 has no body to read
        expect(answer.json()["_id"], guest.id)


@behaviour("REST-RES-04")
def test_the_tag_follows_the_answer(cloud: Cloud) -> None:
    """The tag stays while the answer does, changes with it, and a refusal or a POST has none."""
    others = {
        "a POST": cloud.call("POST", "/anonymous/auth", json={}),
        "a refusal": cloud.call("GET", "/users/me"),
    }
    for what, other in others.items():
        with claim("REST-RES-04", f"{what} has no tag", about=[other]):
            observe(other.headers.get("etag"), None)
    guest = cloud.guest()
    before = etag_of(cloud, guest)
    with claim("REST-RES-04", "the tag stays while the answer does"):
        observe(cloud.call("GET", "/users/me", guest).headers["etag"], before)
    user = cloud.user()
    path = f"/spaces/{cloud.space(user)}"
    read = cloud.call("GET", path, user)
    with step("rename a space"):
        assert cloud.call("POST", path, user, json={"title": "Renamed"}).status_code == 200
    with claim("REST-RES-04", "the tag changes with a space"):
        answer = cloud.call("GET", path, user, headers={"If-None-Match": read.headers["etag"]})
        expect(answer.status_code, 200)  # a 304 has no body to read
        expect(answer.json()["title"], "Renamed")
    before = etag_of(cloud, user)
    cloud.control("PATCH", f"/users/{user.username}", {"displayname": "Renamed"})
    with claim("REST-RES-04", "the tag changes with a user"):
        answer = cloud.call("GET", "/users/me", user, headers={"If-None-Match": before})
        expect(answer.status_code, 200)  # a 304 has no body to read
        expect(answer.json()["displayname"], "Renamed")


@behaviour("REST-RES-04")
def test_the_tag_is_that_of_the_very_answer(cloud: Cloud) -> None:
    """Two answers of one length have two tags, the first has its own again, and an error that is planned has none."""
    user = cloud.user()
    tags = {}
    only_mock(cloud, "needs answers of chosen length")
    for name in ("Abel", "Cain", "Abel again"):
        cloud.control("PATCH", f"/users/{user.username}", {"displayname": name.split()[0]})
        tags[name] = etag_of(cloud, user)
    with claim("REST-RES-04", "answers of one length have tags of their own"):
        assert tags["Abel"] != tags["Cain"]
    with claim("REST-RES-04", "the same answer has its tag again"):
        observe(tags["Abel again"], tags["Abel"])
    cloud.control("POST", "/faults", {"action": {"status": 503}})
    with claim("REST-RES-04", "an answer of another status has no tag, and is sent whatever is known", allows=[503]):
        answer = cloud.call("GET", "/users/me", user, headers={"If-None-Match": "*"})
        observe((answer.status_code, answer.headers.get("etag")), (503, None))


@behaviour("REST-RES-04", "ERR-ORDER-01")
def test_a_star_opens_nothing(cloud: Cloud) -> None:
    """A refused call is refused whatever the client says to know."""
    headers = {"If-None-Match": "*"}
    for path, status, code in (
        ("/users/me", 401, "auth.credential_missing"),
        ("/nothing", 404, "route.not_found"),
    ):
        with claim("REST-RES-04", "ERR-ORDER-01", f"{path} is refused all the same"):
            answer = cloud.call("GET", path, headers=headers)
            refused(answer, status, code)
            observe(answer.status_code, status)


def least_step(ids: list[str]) -> int:
    """Return the least distance between the random parts of some ids."""
    tails = sorted(int(one[8:], 16) for one in ids)
    return min(after - before for before, after in pairwise(tails))


@behaviour("REST-ID-01")
def test_ids_begin_with_the_time_and_end_at_random(cloud: Cloud) -> None:
    """Eight digits of an id are its second of creation, the others do not count up."""
    app = cloud.app("spaces.create")
    began = time.time()
    some = [cloud.space(app) for _ in range(3)]
    lasted = time.time() - began
    with claim("REST-ID-01", "an id is 24 lower-hex characters"):
        expect(some, [OBJECT_ID] * 3)
    with claim("REST-ID-01", "the ids of one run differ by its seconds at most"):
        seconds = [int(space[:8], 16) for space in some]
        observe(max(seconds) - min(seconds) <= lasted + 1, True)  # noqa: FBT003 - the wanted value
    with claim("REST-ID-01", "the last sixteen characters are no counter"):
        observe(least_step(some) > 1_000_000, True)  # noqa: FBT003 - the wanted value
    time.sleep(1)
    with claim("REST-ID-01", "a second later an id is greater"):
        observe(cloud.space(app) > max(some), True)  # noqa: FBT003 - the wanted value
    user = cloud.user()
    shown = cloud.call("GET", f"/spaces/{cloud.space(user)}", user).json()
    with claim("REST-ID-01", "the first eight digits are the second in which it was created"):
        second = int(datetime.fromisoformat(shown["created"]).timestamp())
        observe(abs(int(shown["_id"][:8], 16) - second) <= 1, True)  # noqa: FBT003 - the wanted value


@behaviour("REST-ID-01", "DM-CFG-04")
def test_ids_follow_the_clock(cloud: Cloud) -> None:
    """Eight digits of an id are the second that the clock of the world shows."""
    cloud.freeze("2031-02-03T04:05:06.789Z")
    user = cloud.user()
    found = [cloud.space(user) for _ in range(20)]
    with claim("REST-ID-01", "DM-CFG-04", "the first eight digits are the second of the clock"):
        expect(found, [OBJECT_ID] * 20)
        observe({int(space[:8], 16) for space in found}, {1_927_857_906})
    with claim("REST-ID-01", "the last characters of twenty ids are no counter"):
        observe(least_step(found) > 1_000_000, True)  # noqa: FBT003 - the wanted value
    cloud.advance(1)
    with claim("REST-ID-01", "DM-CFG-04", "when the clock has moved an id is greater"):
        observe(cloud.space(user) > max(found), True)  # noqa: FBT003 - the wanted value


@behaviour("REST-ID-02", "DM-USER-01")
def test_paths_take_the_spaces_id_only(cloud: Cloud) -> None:
    """The accounts id of a user, or a space's conference id, is no id in a path."""
    user = cloud.user()
    answer = cloud.call("GET", "/users/me", user)
    with claim("REST-ID-02", "DM-USER-01", "a user has an accounts id beside the id", about=[answer]):
        assert answer.json()["ndbid"] != answer.json()["_id"]
        assert answer.json()["ndbid"].startswith("ag")
    room = cloud.call("GET", f"/spaces/{cloud.space(user)}", user).json()
    keys = {"an accounts id": answer.json()["ndbid"], "a conference id": room["settings"]["confId"], "a user": user.id}
    for what, key in keys.items():
        with claim("REST-ID-02", f"{what} is no id of a space"):
            refused(cloud.call("GET", f"/spaces/{quote(key)}", user), 404, "space.not_found")


@behaviour("REST-TIME-01")
def test_times_are_printed_in_utc_with_milliseconds(cloud: Cloud) -> None:
    """Every time of a space has the documented form and shows the very millisecond."""
    user = cloud.user()
    path = f"/spaces/{cloud.space(user)}"
    with claim("REST-TIME-01", "times of a space are in UTC with milliseconds"):
        shown = cloud.call("GET", path, user).json()
        expect([shown["created"], shown["modified"], shown["members"][0]["joinTime"]], [ISO_TIME] * 3)
    cloud.freeze("2031-02-03T04:05:06.789Z")
    user = cloud.user()
    path = f"/spaces/{cloud.space(user)}"
    with claim("REST-TIME-01", "they show the millisecond of the clock"):
        shown = cloud.call("GET", path, user).json()
        times = [shown["created"], shown["modified"], shown["members"][0]["joinTime"]]
        expect(times, ["2031-02-03T04:05:06.789Z"] * 3)


@behaviour("REST-TIME-01")
@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2031-02-03T04:05:06.789Z", "2031-02-03T04:05:06.789Z"),
        ("2031-02-03T04:05:06Z", "2031-02-03T04:05:06.000Z"),
        ("2031-02-03T04:05:06.7Z", "2031-02-03T04:05:06.700Z"),
        ("2031-02-03T04:05:06.001Z", "2031-02-03T04:05:06.001Z"),
        ("0999-02-03T04:05:06Z", "0999-02-03T04:05:06.000Z"),
    ],
)
def test_times_are_read_with_fewer_digits_too(cloud: Cloud, given: str, shown: str) -> None:
    """A time with fewer or no fraction digits is understood and printed with three."""
    body = {**TITLE, "startDateTime": given}
    app = cloud.app("spaces.create")
    with claim("REST-TIME-01", "it is printed with three digits"):
        invite = cloud.call("POST", "/spaces/invite", app, json=body).json()["data"][0]
        observe(invite["startDateTime"], shown)


@behaviour("REST-TIME-01")
@pytest.mark.parametrize(
    "given",
    [
        "soon",
        "2031-13-01T00:00:00Z",
        "04:05:06",
        "1927857906789",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_what_is_no_time_is_bad_input(cloud: Cloud, given: str) -> None:
    """A text that is no ISO time, or none that can be printed, is 400 and named."""
    app = cloud.app("spaces.create")
    answer = cloud.call("POST", "/spaces/invite", app, json={**TITLE, "startDateTime": given})
    with claim("REST-TIME-01", "it is refused", about=[answer]):
        refused(answer, 400, "request.invalid")
    with claim("REST-TIME-01", "the refusal names the member", about=[answer]):
        assert "startDateTime" in answer.json()["message"]


@behaviour("REST-CORS-01")
def test_every_answer_can_be_read_by_any_page(cloud: Cloud) -> None:
    """Answers and refusals of the REST API carry the CORS headers, with or without an Origin."""
    callers: tuple[tuple[str, str, str, Callable[[], Person | App | None]], ...] = (
        ("no credential", "GET", "/users/me", lambda: None),
        ("an unknown path", "GET", "/nothing", lambda: None),
        ("a wrong method", "PUT", "/users/me", lambda: None),
        ("the configuration", "GET", "/service-configurations", lambda: None),
        ("an anonymous user", "GET", "/users/me", cloud.guest),
        ("a bad body of an app", "POST", "/spaces/invite", lambda: cloud.app("spaces.create")),
        ("a person", "GET", "/users/me", cloud.user),
        ("a bad body of a person", "POST", "/spaces/invite", cloud.user),
    )
    for what, method, path, caller in callers:
        who = caller()
        for origin in ("", "https://app.example", "null"):
            answer = cloud.call(method, path, who, headers={"Origin": origin} if origin else {})
            case = f"{what}, {f'origin {origin}' if origin else 'no origin'}"
            with claim("REST-CORS-01", f"{case}: any page may read it", about=[answer]):
                observe(answer.headers.get("access-control-allow-origin"), "*", answer.text)
                observe(answer.headers.get("access-control-allow-credentials"), None)
            with claim("REST-CORS-01", f"{case}: it exposes two headers", about=[answer]):
                observe(answer.headers.get("access-control-expose-headers"), "ETag, Retry-After")


USUAL = {"authorization", "content-type", "accept", "accept-version", "spaces-x-space-password", "x-avaya-act-as"}


def granted(preflight: httpx.Response) -> set[str]:
    """Return the headers that the answer to a preflight allows."""
    return {name.strip() for name in preflight.headers["access-control-allow-headers"].split(",")}


@behaviour("REST-CORS-02")
@pytest.mark.parametrize(
    "path",
    [
        "/api/users/me",
        "/api/spaces/invite",
        "/api/nothing",
        "/health",
        "/api/spaces/x/y/z",
        "/oauth2/access_token",
        "/storage/x",
        "/socket.io",
        "/socket.io/",
        "/nothing",
    ],
)
@pytest.mark.parametrize("asked", [None, "authorization", "X-One, x-two,Content-Type"])
def test_a_preflight_is_always_granted(cloud: Cloud, path: str, asked: str | None) -> None:
    """OPTIONS is 200 without body and credential, and echoes the headers that were asked for."""
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "PATCH"}
    if asked is not None:
        headers["Access-Control-Request-Headers"] = asked
    if not path.startswith("/api/"):
        only_mock(cloud, "a real service has an origin for each surface")
    answer = cloud.http.options(f"{cloud.origin}{path}", headers=headers)
    with claim("REST-CORS-02", "it is 200 without body", about=[answer]):
        expect((answer.status_code, answer.content), (200, b""))
    with claim("REST-CORS-02", "any origin is allowed, without credentials", about=[answer]):
        observe(answer.headers["access-control-allow-origin"], "*")
        observe(answer.headers.get("access-control-allow-credentials"), None)
    with claim("REST-CORS-02", "all methods are allowed", about=[answer]):
        observe(answer.headers["access-control-allow-methods"], "GET, POST, PATCH, DELETE, PUT, OPTIONS")
    with claim("REST-CORS-02", "it may be kept for ten minutes", about=[answer]):
        observe(answer.headers["access-control-max-age"], "600")
    with claim("REST-CORS-02", "the usual headers are allowed", about=[answer]):
        observe(sorted(USUAL - granted(answer)), [])
    with claim("REST-CORS-02", "the headers that were asked for are allowed", about=[answer]):
        wanted = {name.strip().lower() for name in (asked or "").split(",") if name}
        observe(sorted(wanted - granted(answer)), [])


@behaviour("REST-CORS-02")
@pytest.mark.parametrize("asked", [b"x: y", b"a\xffb", b"<script>", b"a b", b",,,", b"x" * 5000, "ключ".encode()])
def test_a_hostile_preflight_echoes_no_more_than_header_names(cloud: Cloud, asked: bytes) -> None:
    """What is no header name is not echoed, and is no server error."""
    headers = [(b"Origin", b"https://app.example"), (b"Access-Control-Request-Headers", asked)]
    answer = cloud.http.request("OPTIONS", f"{cloud.api}/users/me", headers=headers)
    with claim("REST-CORS-02", "it is answered 200", about=[answer]):
        expect(answer.status_code, 200)
    with claim("REST-CORS-02", "nothing but header names is echoed", about=[answer]):
        names = answer.headers["access-control-allow-headers"].split(", ")
        assert all(re.fullmatch(r"[!#$%&'*+.^_`|~0-9a-z-]+", name) for name in names), names


@behaviour("REST-REQ-01")
def test_a_repeated_parameter_has_its_last_value(cloud: Cloud) -> None:
    """Of two sizes of a page the last one counts."""
    user = cloud.user()
    for number in range(3):
        cloud.space(user, f"Room {number}")
    for query, count in (("size=1&size=2", 2), ("size=2&size=1", 1)):
        with claim("REST-REQ-01", f"{query} is a page of {count}"):
            observe(len(cloud.call("GET", f"/users/me/spaces?{query}", user).json()["data"]), count)
