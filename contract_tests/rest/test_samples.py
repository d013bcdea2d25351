"""The documented answers, as data with invented values, against what the target answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract_tests.claims import claim, expect, step
from contract_tests.kit import Cloud, Person, behaviour

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


def tokens(cloud: Cloud) -> Any:
    name, password = cloud.credentials()
    form = {"grant_type": "password", "username": name, "password": password, "scope": "email profile spaces"}
    return cloud.http.post(f"{cloud.accounts}/oauth2/access_token", data={**form, **cloud.oauth_client()}).json()


def id_token(cloud: Cloud) -> Any:
    url = f"{cloud.accounts}/api/1.0/id_token/get_token_info"
    with step("get an id_token"):
        token = tokens(cloud)["id_token"]
    return cloud.http.get(url, params={"id_token": token}).json()


def recording(cloud: Cloud) -> Any:
    ann = cloud.user()
    space = cloud.space(ann)
    path = f"/spaces/{space}/meetings/{cloud.meeting(space, ann)['_id']}/recordings"
    with step("start a recording"):
        started = cloud.call("POST", path, ann, json={}).json()["data"][0]["content"]["recordings"][0]["_id"]
    return cloud.call("POST", f"{path}/{started}/stop", ann, json={}).json()


def sat(cloud: Cloud) -> Any:
    ann = cloud.user()
    body = {"username": ann.username, "kind": "sat", "space_id": cloud.space(ann)}
    return cloud.call("GET", f"/apps/tokeninfo/sat/{cloud.control('POST', '/tokens', body)['token']}", ann).json()


def discovered(cloud: Cloud) -> Any:
    ann = cloud.user()
    link = {"spaceUrl": f"{cloud.origin}/spaces/{cloud.space(ann)}", "appId": cloud.oauth_client()["client_id"]}
    return cloud.call("POST", "/apps/spaces/discover", ann, json=link).json()


def spoken(cloud: Cloud) -> tuple[Person, str, str]:
    """Return somebody, a space of theirs and a message in it."""
    ann = cloud.user()
    space = cloud.space(ann)
    return ann, space, cloud.message(space, ann)["_id"]


def listed(cloud: Cloud, path: str) -> Any:
    ann, space, _message = spoken(cloud)
    return cloud.call("GET", f"/spaces/{space}/{path}", ann).json()


def deleted(cloud: Cloud) -> Any:
    ann, _space, message = spoken(cloud)
    return cloud.call("POST", "/messages/deletemessages", ann, json=[message]).json()


def announced(cloud: Cloud) -> Any:
    file = {"Content-Type": "text/plain", "Content-Length": 1}
    return cloud.call("POST", "/files/getuploadurl", cloud.user(), json={"files": [file]}).json()


CALLS: dict[str, tuple[str, Callable[[Cloud], Any]]] = {
    "USERS-ME": ("USERS-ME-01", lambda cloud: cloud.call("GET", "/users/me", cloud.user()).json()),
    "ACC-INFO": ("ACC-INFO-02", id_token),
    "ACC-TOKEN": ("ACC-TOKEN-08", tokens),
    "USERS-ANON": (
        "USERS-ANON-02",
        lambda cloud: cloud.call("POST", "/anonymous/auth", json={"displayname": "Gil"}).json(),
    ),
    "MSG-BYREF": ("MSG-BYREF-02", lambda cloud: listed(cloud, "messages/byref")),
    "MSG-DELETE": ("MSG-DELETE-02", deleted),
    "SPACES-MEMBERS": ("SPACES-MEMBERS-02", lambda cloud: listed(cloud, "members")),
    "MISC-CONF": ("MISC-CONF-01", lambda cloud: cloud.call("GET", "/service-configurations").json()),
    "MISC-LIMIT": ("MISC-LIMIT-01", lambda cloud: cloud.call("GET", "/limit", cloud.user()).json()),
    "MISC-SAT": ("MISC-SAT-01", sat),
    "MISC-DISCOVER": ("MISC-DISCOVER-02", discovered),
    "MEET-RECSTOP": ("MEET-RECSTOP-01", recording),
    "FILES-UP": ("FILES-UP-02", announced),
}


def sample_of(endpoint: str) -> Any:
    return json.loads((SAMPLES / f"{endpoint}.json").read_text(encoding="utf-8"))["answer"]


def is_like(found: Any, sample: Any) -> None:
    expect(shape(found, sample), shape(sample, found))


@pytest.mark.parametrize(
    "endpoint",
    [pytest.param(path.stem, marks=behaviour(CALLS[path.stem][0])) for path in sorted(SAMPLES.glob("*.json"))],
)
def test_an_answer_is_like_its_sample(cloud: Cloud, endpoint: str) -> None:
    """Names, their order and the types of all members are those of the documented sample."""
    shown, call = CALLS[endpoint]
    with claim(shown, "names, their order and types are those of the sample"):
        found = call(cloud)
        optional = {"token_type"} if endpoint == "ACC-TOKEN" else set()  # no sample of the vendor has it
        is_like({name: value for name, value in found.items() if name not in optional}, sample_of(endpoint))


@behaviour("ACC-TOKEN-08")
def test_by_setting_tokens_are_as_in_the_sample(cloud: Cloud) -> None:
    """Without the type of the token the answer is the documented one."""
    cloud.configure({"accounts.token_type": False})
    with claim("ACC-TOKEN-08", "by setting there is nothing but what the sample has"):
        is_like(tokens(cloud), sample_of("ACC-TOKEN"))


@behaviour("USERS-ME-01")
def test_an_admin_with_a_licence_is_like_the_sample(cloud: Cloud) -> None:
    """Somebody with a licence and a company has the members of the sample, at any depth."""
    members: dict[str, Any] = {"licenses": ["spaces_business"], "company_admin": True, "password": "secret"}
    annie = cloud.user("annie@example.com", displayname="Ann Example", **members)
    with claim("USERS-ME-01", "an admin with a licence has the members of the sample"):
        is_like(cloud.call("GET", "/users/me", annie).json(), sample_of("USERS-ME"))
