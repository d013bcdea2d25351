"""Recorded traffic of the service that is handed to the mock."""

import gzip
import json
from typing import Any

import httpx
import pytest

from contract_tests.kit import Cloud, only_mock, serving
from contract_tests.sockets import Sockets

HOST = "spacesapis.avayacloud.com"
SECRETS = ("eyJhbGciOiJIUzI1NiJ9", "zoe@zoo.example", "the pears are ripe", "5b9f3a", "sesame-7")


@pytest.fixture(autouse=True)
def _mock_only(cloud: Cloud) -> None:
    only_mock(cloud, "the control API is the mock's own")


def entry(path: str, body: Any, status: int = 200, host: str = HOST, **sent: str) -> dict[str, Any]:
    """Return an exchange as browsers write it; ``sent`` are headers of the request."""
    text = json.dumps(body)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "ETag, Retry-After",
        "ETag": 'W/"1"',
    }
    return {
        "startedDateTime": "2031-02-03T04:05:06.789Z",
        "request": {"method": "GET", "url": f"https://{host}{path}", "headers": pairs(sent)},
        "response": {"status": status, "headers": pairs(headers), "content": {"size": len(text), "text": text}},
    }


def pairs(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def archive(*entries: Any) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()


def send(cloud: Cloud, content: bytes, query: str = "", **headers: str) -> httpx.Response:
    """Hand a recording over."""
    told = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return cloud.http.post(f"{cloud.urls['control']}/check{query}", content=content, headers=told)


def checked(cloud: Cloud, content: bytes, query: str = "", **headers: str) -> dict[str, Any]:
    answer = send(cloud, content, query, **headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def why(answer: httpx.Response, status: int = 400) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["why"])


def test_what_the_mock_has_done_has_no_difference(cloud: Cloud, sockets: Sockets) -> None:
    """The journal as an archive is a recording of the mock, which does what the contract says, on sockets too."""
    ann = cloud.user()
    space = cloud.space(ann)
    sockets.join(ann, space).message(space)
    cloud.call("GET", f"/spaces/{space}", ann)
    cloud.call("GET", f"/spaces/{'0' * 24}", ann)
    journal = cloud.http.get(f"{cloud.urls['control']}/journal?format=har").content
    for content in (journal, gzip.compress(journal)):
        found = checked(cloud, content)
        assert found["differences"] == []
        assert found["clean"]
        assert found["counts"]["judged"] >= 2
        assert found["counts"]["of sockets"] == 1
        assert found["verdicts"]["confirmed by traffic"] >= 3


def test_a_difference_is_laid_to_its_statement(cloud: Cloud) -> None:
    """A member that came otherwise is told once, with its entries and the statements that say otherwise."""
    guest = {"_id": "0" * 24, "aType": "anonymous", "username": "x", "displayname": 5}
    found = checked(cloud, archive(entry("/api/users/me", guest), entry("/api/users/me", guest)))
    assert not found["clean"]
    told = next(one for one in found["differences"] if "displayname" in one["what"])
    assert told["call"] == "GET /api/users/me"
    assert (told["count"], told["entries"], told["date"]) == (2, [1, 2], "2031-02-03")
    assert told["host"] == HOST
    for statement in told["statements"]:
        assert found["statements"][statement]["verdict"] == "contradicted by traffic"


def test_the_contract_of_the_world_is_what_counts(cloud: Cloud) -> None:
    """A code that an overlay of the world has is no difference there."""
    refused = entry("/api/users/me", {"code": "space.gone", "message": "Gone"}, 410)
    assert [one["what"] for one in checked(cloud, archive(refused))["differences"]] == [
        "is refused with 410 space.gone, which no row of errors has"
    ]
    cloud.control("PATCH", "/contract", {"errors": {"space.not_found": {"code": "space.gone", "status": 410}}})
    assert checked(cloud, archive(refused))["clean"]


def test_nothing_of_the_recording_comes_back(cloud: Cloud) -> None:
    """The answer has no credential, address, text or unknown name of what was handed over, nor has a refusal."""
    token, address, text, name, header = SECRETS
    body = {"displayname": text, "username": address, name: address, "error": text, "data": [{address: text}]}
    entries = [
        entry("/api/users/me", body, authorization=f"Bearer {token}", cookie=f"sessionid={header}"),
        entry(f"/api/{header}/{address}?{name}={text}", body),
        entry("/api/users/me", {"code": text, "message": address}, 418),
        entry("/api/spaces/invite", text, host="other.example", authorization=f"jwt {token}"),
    ]
    shown = send(cloud, archive(*entries)).text
    assert [secret for secret in SECRETS if secret in shown] == []
    broken = archive(*entries).replace(b'"status": 418', f'"status": "{address}"'.encode())
    shown = send(cloud, broken).text
    assert "entry 3" in shown
    assert [secret for secret in SECRETS if secret in shown] == []


def test_further_hosts_are_named_in_the_query(cloud: Cloud) -> None:
    """What is no host of the vendor is left alone, unless the call names it."""
    content = archive(
        entry("/api/users/me", {}, host="api.example.com"), entry("/api/users/me", {}, host="b.example.org")
    )
    assert "no entry is one of the service (2 in all)" in why(send(cloud, content))
    found = checked(cloud, content, "?hosts=api.example.com")
    assert found["hosts"] == {"api.example.com": 1}
    assert found["counts"]["of other hosts"] == 1
    for query in ("?hosts=api.example.com,b.example.org", "?hosts=api.example.com&hosts=b.example.org"):
        assert len(checked(cloud, content, query)["hosts"]) == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{}", "log: required"),
        (b"[]", "body: expected object, got array"),
        (b"GIF89a", "it does not begin with an object"),
        (b'{"logs": {}}', 'logs: no such member; did you mean "log"?'),
        (archive(entry("/api/users/me", {}))[:-20], "the file ends too early"),
        (gzip.compress(archive(entry("/api/users/me", {})))[:-20], "the compressed file ends too early"),
        (archive({"request": 5}), "entry 1 is no entry"),
        (archive(), "no entry is one of the service"),
    ],
)
def test_what_is_no_recording_is_refused_with_a_reason(cloud: Cloud, content: bytes, reason: str) -> None:
    """No verdict is given from what cannot be read, and the reason is said."""
    assert reason in why(send(cloud, content))


def test_a_body_is_packed_by_gzip_or_not_at_all(cloud: Cloud) -> None:
    """Packing may be announced, and nothing else may be."""
    packed = gzip.compress(archive(entry("/api/users/me", {})))
    assert checked(cloud, packed, content_encoding="gzip")["counts"]["judged"] == 1
    assert "br is not understood" in why(send(cloud, packed, content_encoding="br"))


def test_what_would_hold_everybody_up_is_left_alone(cloud: Cloud) -> None:
    """An entry of more values than a thread may decode at once is counted, and the others are judged."""
    large = entry("/api/users/me", [{}] * 60_000)
    long = entry(f"/api/users/me?q={'x' * 300_000}", {})
    found = checked(cloud, archive(large, entry("/api/users/me", {}), long))
    assert found["counts"] == {"entries": 3, "too large to be read": 2, "judged": 1}


def test_a_check_wants_the_control_token(http: httpx.Client) -> None:
    """With a control token nobody else has recordings checked."""
    with serving("--control-token", "t") as url:
        content, headers = archive(entry("/api/users/me", {})), {"Content-Type": "application/json"}
        assert http.post(f"{url}/_mock/check", content=content, headers=headers).status_code == 401
        headers["X-Mock-Token"] = "t"
        assert http.post(f"{url}/_mock/check", content=content, headers=headers).status_code == 200
