"""The documented answers, as data with invented values, against what the target answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from contract_tests.claims import expect
from contract_tests.kit import Cloud, behaviour

NO_CLAIMS_YET = True


SAMPLES = Path(__file__).parents[2] / "fixtures" / "samples"


def shape(value: Any, sample: Any) -> Any:
    """Return what of a value a sample can tell: names in their order, types, and the first item of each array."""
    if isinstance(value, dict):
        known = sample if isinstance(sample, dict) else {}
        return {"object": [(name, shape(item, known.get(name))) for name, item in value.items()]}
    if isinstance(value, list):
        told = sample if isinstance(sample, list) else []
        return {"array": shape(value[0], told[0]) if value and told else None}
    return type(value).__name__


def answer(cloud: Cloud, endpoint: str) -> Any:
    """Make the call of a sample in a world where it can succeed, and return its JSON."""
    members: dict[str, Any] = {"licenses": ["spaces_business"], "company_admin": True, "password": "secret"}
    ann = cloud.user("annie@example.com", displayname="Ann Example", **members)
    space = cloud.space(ann)
    made = cloud.control("POST", "/oauth-clients", {"name": "App"})
    client = {"client_id": made["client_id"], "client_secret": made["client_secret"]}
    if endpoint in ("ACC-TOKEN", "ACC-INFO"):
        cloud.configure({"accounts.token_type": False})
        form = {"grant_type": "password", "username": ann.username, "password": "secret", **client}
        tokens = cloud.http.post(
            f"{cloud.accounts}/oauth2/access_token", data={**form, "scope": "email profile spaces"}
        )
        if endpoint == "ACC-TOKEN":
            return tokens.json()
        url = f"{cloud.accounts}/api/1.0/id_token/get_token_info"
        return cloud.http.get(url, params={"id_token": tokens.json()["id_token"]}).json()
    if endpoint == "MEET-RECSTOP":
        path = f"/spaces/{space}/meetings/{cloud.meeting(space, ann)['_id']}/recordings"
        recording = cloud.call("POST", path, ann, json={}).json()["data"][0]["content"]["recordings"][0]["_id"]
        return cloud.call("POST", f"{path}/{recording}/stop", ann, json={}).json()
    message = cloud.message(space, ann)["_id"]
    token = cloud.control("POST", "/tokens", {"username": ann.username, "kind": "sat", "space_id": space})["token"]
    file = {"Content-Type": "text/plain", "Content-Length": 1}
    link = {"spaceUrl": f"{cloud.origin}/spaces/{space}", "appId": client["client_id"]}
    method, path, body = {
        "USERS-ME": ("GET", "/users/me", None),
        "USERS-ANON": ("POST", "/anonymous/auth", {"displayname": "Gil"}),
        "MSG-BYREF": ("GET", f"/spaces/{space}/messages/byref", None),
        "MSG-DELETE": ("POST", "/messages/deletemessages", [message]),
        "SPACES-MEMBERS": ("GET", f"/spaces/{space}/members", None),
        "MISC-CONF": ("GET", "/service-configurations", None),
        "MISC-LIMIT": ("GET", "/limit", None),
        "MISC-SAT": ("GET", f"/apps/tokeninfo/sat/{token}", None),
        "MISC-DISCOVER": ("POST", "/apps/spaces/discover", link),
        "FILES-UP": ("POST", "/files/getuploadurl", {"files": [file]}),
    }[endpoint]
    return cloud.call(method, path, ann, json=body).json()


CITED = {
    "USERS-ME": "USERS-ME-01",
    "ACC-INFO": "ACC-INFO-02",
    "ACC-TOKEN": "ACC-TOKEN-08",
    "USERS-ANON": "USERS-ANON-02",
    "MSG-BYREF": "MSG-BYREF-02",
    "MSG-DELETE": "MSG-DELETE-02",
    "SPACES-MEMBERS": "SPACES-MEMBERS-02",
    "MISC-CONF": "MISC-CONF-01",
    "MISC-LIMIT": "MISC-LIMIT-01",
    "MISC-SAT": "MISC-SAT-01",
    "MISC-DISCOVER": "MISC-DISCOVER-02",
    "MEET-RECSTOP": "MEET-RECSTOP-01",
    "FILES-UP": "FILES-UP-02",
}


@pytest.mark.parametrize(
    "endpoint",
    [pytest.param(path.stem, marks=behaviour(CITED[path.stem])) for path in sorted(SAMPLES.glob("*.json"))],
)
def test_an_answer_is_like_its_sample(cloud: Cloud, endpoint: str) -> None:
    """Names, their order and the types of all members are those of the documented sample."""
    sample = json.loads((SAMPLES / f"{endpoint}.json").read_text(encoding="utf-8"))["answer"]
    found = answer(cloud, endpoint)
    expect(shape(found, sample), shape(sample, found))
