"""The lies that `mockspaces verify` is tried with, told in a recording: what one exchange shows of them is found."""

import asyncio
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest

from liars.exchanges import Answer, Ask, Request
from liars.keys import keys
from liars.lie import Lie
from liars.lies import every_lie
from mockspaces import create_app
from mockspaces.traffic.recording import Recorder
from tests.traffic.conftest import CLOUD, CONTRACT, Object, Write, checked, loaded

pytestmark = pytest.mark.slow


class AskedOtherwiseError(Exception):
    """A lie is told by asking something else, which no recording shows."""


async def session(client: httpx.AsyncClient) -> None:
    """Use a little of everything that the lies are about."""
    app = (await client.post("/_mock/oauth-clients", json={"redirect_uris": ["https://app.example/cb"]})).json()
    who = {
        "username": "ann@example.com",
        "password": (await client.patch("/_mock/users/ann@example.com", json={})).json()["password"],
    }
    secret = {name: app[name] for name in ("client_id", "client_secret")}
    granted = (await client.post("/oauth2/access_token", data={"grant_type": "password", **who, **secret})).json()
    await client.post("/oauth2/access_token", data={"grant_type": "password", **who, **secret, "password": "wrong"})
    await client.post(
        "/oauth2/access_token",
        data={"grant_type": "refresh_token", "refresh_token": granted["refresh_token"], **secret},
    )
    await client.get("/api/1.0/id_token/get_token_info", params={"id_token": granted["id_token"]})
    await client.post("/api/1.0/jwt/get_jwt_token", data={**who, **secret})
    await client.post("/api/anonymous/auth", data={"displayname": "Gil"})
    await client.get("/api/users/me")
    client.headers["Authorization"] = f"Bearer {granted['access_token']}"
    me = (await client.get("/api/users/me")).json()
    made = (
        await client.post(
            "/api/spaces/invite",
            json={"topic": {"title": "Plans"}, "invitees": [{"invitee": "bob@example.com", "role": "member"}]},
        )
    ).json()
    space = f"/api/spaces/{made['data'][0]['topicId']}"
    for kind in ("chats", "ideas", "tasks"):
        for _ in range(2):
            last = (await client.post(f"{space}/{kind}", json={"content": {"bodyText": "hi"}})).json()["data"][0]["_id"]
    for path in ("", "/join", "/members", "/messages/query", "/ideas", "/tasks", "/nothing"):
        await client.get(f"{space}{path}?size=1")
        await client.get(f"{space}{path}")
    await client.get(f"/api/messages/{last}")
    for path in ("/settings", "/spaces", "/messages", "/ideas", "/tasks", "/nativeattachments"):
        await client.get(f"/api/users/me{path}?size=1&spacelist={space.rpartition('/')[2]}")
    await client.get(f"/api/users/{me['_id']}/colleagues?size=1")
    await client.get(f"/api/users/{me['_id']}/people")
    await client.post(space, json={"title": "Other plans", "settings": {"confPin": "4711"}})
    await client.post(f"/api/users/me{space.removeprefix('/api')}/markread", json={})
    await client.post("/api/messages/delete", json=[last])
    await client.get("/api/spaces/" + "0" * 24)
    await client.get("/api/topics/" + "x")
    await client.options("/api/users/me")
    await bots(client)
    await slips(client, space, granted["id_token"], secret)
    await client.delete(space)
    await client.post("/oauth2/revoke_token", data={"token": granted["access_token"], **secret})


async def bots(client: httpx.AsyncClient) -> None:
    """Let a service app come with good and bad JWTs, others with no credential that there is, and guests."""
    key = (await client.post("/_mock/service-apps", json={"scopes": ["spaces.create"]})).json()["key"]
    keys.__dict__["files"] = {"EVERY": key}  # whom a lie signs for
    now = int(time.time())
    claims = {"iss": key["iss"], "sub": key["sub"], "aud": "spaces.avayacloud.com", "exp": now + 600}

    def signed(headers: Mapping[str, Any] | None = None, **changes: Any) -> str:
        said = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        head = {"kid": key["kid"]} if headers is None else headers
        return jwt.encode(said, key["private_key"], "RS256", headers=dict(head))

    hmac = jwt.encode(claims, "x" * 32, "HS256", headers={"kid": key["kid"]})
    kid = {"kid": key["kid"]}
    bad = [signed({**kid, "crit": ["x"], "x": 1}), signed({}), signed({**kid, "typ": "x"}), hmac, "no-jwt"]
    bad += [signed(**{name: None}) for name in claims]
    bad += [signed(exp=now - 900), signed(exp=0), signed(exp=str(now)), signed(exp=now + 36000), signed(nbf=now + 900)]
    bad += [signed(exp=(now + 600) * 1000), signed(iss=f" {key['iss']}"), signed(sub=f"{key['sub']} ")]
    guest = (await client.post("/api/anonymous/auth", json={})).json()["token"]
    theirs = [f"service_app {one}" for one in (*bad, signed())]
    theirs += [f'service_app "{signed()}"', f"other {signed()}", "", f"jwt {guest}"]
    for one in theirs:
        headers = {"Authorization": one}
        await client.post("/api/spaces/invite", json={"topic": {"title": "Plans"}}, headers=headers)
    await client.get("/api/users/me", headers={"Authorization": "", "Cookie": "AUTH_TOKEN=x"})


async def slips(client: httpx.AsyncClient, space: str, id_token: str, secret: dict[str, str]) -> None:
    """Ask for what is not there, and for what is there by its other names."""
    await client.get("/api/1.0/id_token/get_token_info", params={"id_token": "x.y.z"})
    wrong = {"grant_type": "password", "username": "ann@example.com", "password": "x", **secret}
    await client.post("/oauth2/access_token", data={**wrong, "client_secret": "wrong"})
    outlook = {"topic": {"title": "Tea"}, "invitees": [{"invitee": "bob@example.com", "role": "member"}]}
    await client.post("/api/spaces/invite", json={**outlook, "informChannel": "outlook"})
    chat = (await client.post(f"{space}/chats", json={"content": {"bodyText": 'it\'s "tea"'}})).json()["data"][0]
    await client.post(f"{space}/chats", json={"content": {"bodyText": " "}})
    message = f"/api/messages/{chat['_id']}"
    for body in ({"content": {"bodyText": "tea"}}, {"_id": chat["_id"], "content": {"bodyText": "tea"}}):
        await client.post(message, json=body)
    await client.post("/api/messages/deletemessages", json=[chat["_id"]])
    for path in ("service-configurations", "limit", "flavor", "flavors", "confnumbers", "users/me/", "nothing"):
        await client.get(f"/api/{path}")
    await client.get("/api/limit", headers={"Authorization": "x y"})
    await client.get(f"{space.replace('spaces', 'topics')}/members?size=1")
    await client.head("/api/users/me")
    await client.post(f"{message}/like", json={})
    files = (await client.post("/api/files/getuploadurl", json=[{"name": "a.txt"}, {"name": "b.txt"}])).json()
    for one in files.get("data", ()):
        await client.put(one["url"].partition("/storage")[1] + one["url"].partition("/storage")[2], content=b"tea")
    await client.get("/api/1.0/id_token/get_token_info", params={"id_token": id_token})


async def record(path: Path) -> None:
    transport = httpx.ASGITransport(app=Recorder(create_app(), path, CONTRACT))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{CLOUD}") as client:
        await session(client)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Object]]:
    path = tmp_path_factory.mktemp("lies") / "session.har"
    asyncio.run(record(path))
    yield loaded(path)
    keys.__dict__.pop("files")


def place_of(request: Request) -> str:
    """Return what a request asks of, whichever thing it is."""
    return f"{request.method} {re.sub('[0-9a-f]{24}', 'ID', request.path)}"


def told(lie: Lie, entries: Iterable[Object], accepted: Mapping[str, bytes]) -> list[Object]:
    """Return those entries that a lie changes, changed; ``accepted`` are answers to who is let in."""
    found = []
    for one in entries:
        sent, got = one["request"], one["response"]
        request = request_of(sent)
        if not lie.concerns(request):
            continue
        content = got["content"].get("text", "").encode()
        truth = Answer(tuple((pair["name"], pair["value"]) for pair in got["headers"]), content, status=got["status"])

        async def ask(other: Request, request: Request = request, truth: Answer = truth) -> Answer:
            if other == request or truth.good:
                return truth
            good = accepted.get(place_of(request))
            if good is None:
                raise AskedOtherwiseError
            return replace(truth, status=200, body=good)  # who is let in hears what others do

        try:
            answer = asyncio.run(changed(lie, request, ask))
        except (AskedOtherwiseError, ValueError):  # or it is no answer of the kind that the lie is about
            continue
        if said(answer) == said(truth):
            continue
        if not answer.header("Access-Control-Expose-Headers"):  # made up, not changed: it comes as every answer does
            kept = {name.lower() for name, _ in answer.headers}
            more = tuple(pair for pair in truth.headers if pair[0].lower() not in kept)
            answer = replace(answer, headers=(*answer.headers, *more))
        text = answer.body.decode()
        headers_told = [{"name": name, "value": value} for name, value in answer.headers]
        response = {
            **got,
            "status": answer.status,
            "headers": headers_told,
            "content": {**got["content"], "text": text, "size": len(text)},
        }
        found.append({**one, "response": response, "changed": sorted(members(truth.json, answer.json))})
    return found


def request_of(sent: Object) -> Request:
    place = urlsplit(sent["url"])
    target = f"{place.path}?{place.query}" if place.query else place.path
    headers = tuple((pair["name"], pair["value"]) for pair in sent["headers"])
    body = sent.get("postData", {}).get("text", "").encode()
    return Request(headers, body, method=sent["method"], target=target)


def said(answer: Answer) -> object:
    """Return what two answers must have in common that say the same; the order of members counts."""
    headers = [pair for pair in answer.headers if pair[0].lower() != "content-length"]
    return answer.status, headers, json.dumps(answer.json) if answer.json is not None else answer.body


async def changed(lie: Lie, request: Request, ask: Ask) -> Answer:
    return await lie.change(request, ask)


def members(before: Any, after: Any) -> set[str]:
    """Return the names of the members that two values do not share."""
    if isinstance(before, list) and isinstance(after, list):
        return {name for pair in zip(before, after, strict=False) for name in members(*pair)}
    if not isinstance(before, dict) or not isinstance(after, dict):
        return set()
    names = {name for name in before.keys() | after.keys() if before.get(name, ...) != after.get(name, ...)}
    return names | {one for name in names for one in members(before.get(name), after.get(name))}


# What a check cannot show of one exchange, by the reason.
NOT_SHOWN: Mapping[str, tuple[str, ...]] = {
    "whether a key, a secret or a password is the right one is known to the service alone": (
        "a kid of another app is accepted",
        "a wrong secret is accepted",
        "a wrong password is accepted",
        "an expired token is called invalid",  # as is one of an unknown key, expired or not
        "schemes are spelled in one way",  # what is refused may be wrong elsewhere
    ),
    "a service in trouble shows nothing": (
        "an expired JWT breaks the service",
        "a bad JWT breaks the service",
        "a bad grant breaks the service",
        "unknown ids break the service",
        "bad bodies break the service",
    ),
    "it shows in what is answered later": ("revoking has no effect", "deleting has no effect"),
    "an archive may have an entry twice": ("everybody anonymous is the same",),
}
TOLD = 110  # lies, at least, that the session gives an occasion for


def test_lies_in_a_recording_are_found(recording: list[Object], write: Write) -> None:
    """Each lie that changes an answer is found under its statement or member, or no single exchange can show it."""
    assert not checked(write(*recording)).differences
    reasons = {name: reason for reason, names in NOT_SHOWN.items() for name in names}
    accepted = {
        place_of(request_of(one["request"])): one["response"]["content"]["text"].encode()
        for one in recording
        if one["response"]["status"] == 200
    }
    users = (one for one in recording if one["request"]["url"].endswith("/api/users/me"))
    authorized = next(one for one in users if one["response"]["status"] == 200)  # browsers leave credentials out
    outcomes = {}
    for lie in every_lie():
        entries = told(lie, recording, accepted)
        if not entries:
            continue
        changed = {name for one in entries for name in one["changed"]}
        differences = checked(write(authorized, *entries)).differences.values()
        right = {lie.statement, *lie.others}
        outcomes[lie.name] = any(
            right.intersection(one.statements) or one.place.partition(".")[2] in changed for one in differences
        )
    missed = {name for name, found in outcomes.items() if not found}
    assert missed == {name for name in reasons if name in outcomes}
    assert reasons.keys() <= outcomes.keys()
    assert len(outcomes) >= TOLD
