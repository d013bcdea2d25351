"""The lies that `mockspaces verify` is tried with, told in a recording: what one exchange shows of them is found."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from liars.exchanges import Answer, Ask, Request
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
    await client.delete(space)
    await client.post("/oauth2/revoke_token", data={"token": granted["access_token"], **secret})


async def record(path: Path) -> None:
    transport = httpx.ASGITransport(app=Recorder(create_app(), path, CONTRACT))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{CLOUD}") as client:
        await session(client)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    path = tmp_path_factory.mktemp("lies") / "session.har"
    asyncio.run(record(path))
    return loaded(path)


def told(lie: Lie, entries: Iterable[Object]) -> list[Object]:
    """Return those entries that a lie changes, changed."""
    found = []
    for one in entries:
        sent, got = one["request"], one["response"]
        place = urlsplit(sent["url"])
        target = f"{place.path}?{place.query}" if place.query else place.path
        headers = tuple((pair["name"], pair["value"]) for pair in sent["headers"])
        body = sent.get("postData", {}).get("text", "").encode()
        request = Request(headers, body, method=sent["method"], target=target)
        if not lie.concerns(request):
            continue
        content = got["content"].get("text", "").encode()
        truth = Answer(tuple((pair["name"], pair["value"]) for pair in got["headers"]), content, status=got["status"])

        async def ask(other: Request, request: Request = request, truth: Answer = truth) -> Answer:
            if other != request:
                raise AskedOtherwiseError
            return truth

        answer = asyncio.run(changed(lie, request, ask))
        if answer == truth:
            continue
        text = answer.body.decode()
        headers_told = [{"name": name, "value": value} for name, value in answer.headers]
        response = {
            **got,
            "status": answer.status,
            "headers": headers_told,
            "content": {**got["content"], "text": text, "size": len(text)},
        }
        found.append({**one, "response": response})
    return found


async def changed(lie: Lie, request: Request, ask: Ask) -> Answer:
    return await lie.change(request, ask)


# Found, but under the statement that the member, or the code, cites: the lie's own speaks of it too.
ELSEWHERE = frozenset(
    {
        *(
            "ACC-REVOKE-05",
            "ACC-TOKEN-08",
            "SPACES-CREATE-05",
            "SPACES-GET-01",
            "SPACES-UPDATE-02",
            "SPACES-MEMBERS-02",
        ),
        *("REST-TIME-01", "MSG-TASK-05", "MSG-IDEA-02", "USERS-ME-01", "USERS-ANON-04", "ERR-BODY-02"),
    }
)
# Not to be seen in one exchange: settings decide (scopes, style of errors, audience, issuer), a service in trouble
# shows nothing, and what was optional, escaped or unnamed may have been asked for so.
MISSED = frozenset(
    {
        *("ACC-SCOPE-07", "ACC-ERR-01", "ACC-TOKEN-16", "ACC-INFO-03", "ACC-INFO-04", "SPACES-CREATE-06", "MSG-GEN-04"),
        *("USERS-ANON-04", "ERR-ORDER-01", "ERR-ORDER-02"),
    }
)
TOLD = 60  # lies, at least, that the session gives an occasion for


def test_lies_in_a_recording_are_found(recording: list[Object], write: Write) -> None:
    """Each lie that changes an answer is found under its statement, or is one of those that are known not to be."""
    assert not checked(write(*recording)).differences
    number = 0
    for lie in every_lie():
        try:
            entries = told(lie, recording)
        except (AskedOtherwiseError, RuntimeError, ValueError):  # or one that needs more than the session has
            continue
        if not entries:
            continue
        number += 1
        differences = checked(write(*entries)).differences.values()
        if any(lie.statement in one.statements for one in differences):
            continue
        assert lie.statement in (ELSEWHERE if differences else MISSED), lie.name
    assert number >= TOLD
