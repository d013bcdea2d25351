"""An identity server that misbehaves by name, and planned refusals of OAuth: what a client's own checks are for."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import jwt
import pytest

from contract_tests import oauth
from contract_tests.kit import Cloud, only_mock, refused
from contract_tests.oauth import Client


@pytest.fixture(autouse=True)
def _mock_only(cloud: Cloud) -> None:
    only_mock(cloud, "misbehaviours are the mock's own")


@pytest.fixture
def client(cloud: Cloud) -> Client:
    """A client that signs Ann in."""
    return oauth.register(cloud)


def misbehave(cloud: Cloud, name: str, **members: Any) -> None:
    """Let the identity server misbehave."""
    cloud.control("POST", "/misbehaviours", {"name": name, **members})


def fired(cloud: Cloud) -> list[int]:
    """Return how often each misbehaviour happened."""
    return [one["fired"] for one in cloud.control("GET", "/misbehaviours")["data"]]


def sign_in(cloud: Cloud, client: Client, **changes: str) -> dict[str, Any]:
    """Go through the whole dance and return the token answer."""
    return oauth.granted(oauth.exchange(cloud, client, oauth.code(cloud, client, **changes)))


def checked(cloud: Cloud, client: Client, token: str, **changes: Any) -> dict[str, Any]:
    """Return the claims of an id_token as a careful client reads it."""
    issuer = cloud.control("GET", "")["settings"]["accounts.issuer"]
    expected = {"key": client.secret, "algorithms": ["HS256"], "audience": client.id, "issuer": issuer}
    claims: dict[str, Any] = jwt.decode(token, **{**expected, **changes})
    return claims


def test_well_behaved_token_passes_every_check(cloud: Cloud, client: Client) -> None:
    """Without misbehaviour an id_token is accepted by a careful client."""
    assert checked(cloud, client, sign_in(cloud, client, nonce="n1")["id_token"])["nonce"] == "n1"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("id_token.bad_signature", jwt.InvalidSignatureError),
        ("id_token.alg_none", jwt.InvalidAlgorithmError),
        ("id_token.expired_at_issue", jwt.ExpiredSignatureError),
        ("id_token.issued_in_future", jwt.ImmatureSignatureError),
        ("id_token.wrong_audience", jwt.InvalidAudienceError),
        ("id_token.wrong_issuer", jwt.InvalidIssuerError),
    ],
)
def test_spoilt_id_token_fails_in_one_check(
    cloud: Cloud, client: Client, name: str, error: type[jwt.InvalidTokenError]
) -> None:
    """Each misbehaviour breaks exactly the check it is named after, once, and is counted."""
    misbehave(cloud, name, times=1)
    with pytest.raises(error):
        checked(cloud, client, sign_in(cloud, client)["id_token"])
    checked(cloud, client, sign_in(cloud, client)["id_token"])
    assert fired(cloud) == [1]


@pytest.mark.parametrize(
    ("name", "member", "value"),
    [("id_token.wrong_nonce", "nonce", "another-nonce"), ("id_token.wrong_subject", "sub", "agnobody")],
)
def test_spoilt_claim_is_signed(cloud: Cloud, client: Client, name: str, member: str, value: str) -> None:
    """A wrong nonce or subject comes under a right signature, so that only the client can find it."""
    misbehave(cloud, name)
    assert checked(cloud, client, sign_in(cloud, client, nonce="n1")["id_token"])[member] == value


def test_spoilt_id_token_can_be_an_rs256_one(cloud: Cloud, client: Client) -> None:
    """An id_token that is a user JWT is spoilt alike: the mock itself refuses it."""
    oauth.change(cloud, id_token_style="rs256")
    token = sign_in(cloud, client)["id_token"]
    assert oauth.info(cloud, token).status_code == 200
    misbehave(cloud, "id_token.bad_signature")
    assert oauth.info(cloud, sign_in(cloud, client)["id_token"]).status_code == 400


def test_token_answer_without_refresh_token(cloud: Cloud, client: Client) -> None:
    """A client that was promised a refresh token may get none."""
    misbehave(cloud, "no_refresh_token")
    assert "refresh_token" not in sign_in(cloud, client)


def test_token_answer_without_id_token(cloud: Cloud, client: Client) -> None:
    """A client that needs an id_token may get none."""
    misbehave(cloud, "no_id_token")
    assert "id_token" not in sign_in(cloud, client)


def test_access_token_that_has_expired_when_it_arrives(cloud: Cloud, client: Client) -> None:
    """A client must be ready to refresh a token that it has just got."""
    misbehave(cloud, "access_token.expired_at_issue", times=1)
    answer = sign_in(cloud, client)
    refused(
        cloud.call("GET", "/users/me", oauth.bearer(answer["access_token"])),
        401,
        "auth.credential_expired",
    )
    fresh = oauth.granted(oauth.refresh(cloud, client, answer["refresh_token"]))
    assert oauth.works(cloud, fresh["access_token"])


@pytest.mark.parametrize(
    ("name", "state"), [("state_not_returned", None), ("state_changed", "another-state"), (None, "s1")]
)
@pytest.mark.parametrize(("response_type", "read"), [("code", oauth.query_of), ("token", oauth.fragment_of)])
def test_state_of_the_redirect(
    cloud: Cloud,
    client: Client,
    name: str | None,
    state: str | None,
    response_type: str,
    read: Callable[[str], Mapping[str, str]],
) -> None:
    """A client that compares the state sees it missing or changed, in either flow."""
    if name:
        misbehave(cloud, name)
    where = oauth.authorize(cloud, client, response_type=response_type, access_type="online")
    assert read(where).get("state") == state


def test_revocation_without_effect(cloud: Cloud, client: Client) -> None:
    """A revocation that is answered as done leaves the token alive."""
    answer = sign_in(cloud, client)
    misbehave(cloud, "revoke_not_effective", times=1)
    for alive in (True, False):
        done = oauth.revoke(cloud, client_id=client.id, refresh_token=answer["refresh_token"])
        assert done.status_code == 200
        assert oauth.works(cloud, answer["access_token"]) == alive


def test_rotated_key_ends_what_the_old_one_signed(cloud: Cloud) -> None:
    """After a rotation old user JWTs are refused, and new ones name another key."""
    old = cloud.jwt_user()
    misbehave(cloud, "key_rotated")
    refused(cloud.call("GET", "/users/me", old), 401, "auth.credential_invalid")
    new = cloud.jwt_user()
    assert cloud.call("GET", "/users/me", new).status_code == 200
    assert oauth.claims(new.token)["publickeyid"] != oauth.claims(old.token)["publickeyid"]


def test_misbehaviour_can_end(cloud: Cloud, client: Client) -> None:
    """Told to behave, the server does right again and has forgotten everything."""
    misbehave(cloud, "no_refresh_token")
    cloud.control("DELETE", "/misbehaviours")
    assert "refresh_token" in sign_in(cloud, client)
    assert fired(cloud) == []


def test_known_misbehaviours_are_listed(cloud: Cloud) -> None:
    """The list says of each name what it does; every one can be asked for."""
    known = cloud.control("GET", "/misbehaviours")["known"]
    assert known["id_token.bad_signature"].endswith(".")
    for name in known:
        misbehave(cloud, name)
    assert len(fired(cloud)) == len(known)


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ({"name": "id_token.bad_signatur"}, '"id_token.bad_signature"'),
        ({"name": "revoke_not_efective"}, '"revoke_not_effective"'),
        ({"name": "key_rotated", "time": 1}, '"times"'),
        ({"name": "key_rotated", "times": 0}, "times"),
        ({}, "name: required"),
    ],
)
def test_unknown_misbehaviour_is_refused_with_a_hint(cloud: Cloud, body: dict[str, Any], hint: str) -> None:
    """A misspelt name is answered with the nearest one there is."""
    answer = cloud.http.post(f"{cloud.urls['control']}/misbehaviours", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")
    assert hint in answer.json()["why"]


# --- planned refusals of the identity server


def plan(cloud: Cloud, action: dict[str, Any], **members: Any) -> None:
    """Plan a fault."""
    cloud.control("POST", "/faults", {"action": action, **members})


@pytest.mark.parametrize(
    ("code", "wire", "status"),
    [
        ("oauth.invalid_grant", "invalid_grant", 400),
        ("oauth.invalid_client", "invalid_client", 401),
        ("oauth.server_error", "server_error", 500),
    ],
)
@pytest.mark.parametrize("style", ["vendor", "rfc6749"])
def test_reject_at_the_token_endpoint(
    cloud: Cloud, client: Client, code: str, wire: str, status: int, style: str
) -> None:
    """A planned OAuth refusal has the status and the form of a real one in the style that is set."""
    oauth.change(cloud, error_style=style)
    plan(cloud, {"reject": code}, times=1)
    answer = oauth.by_password(cloud, client)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert (error if style == "rfc6749" else error["code"]) == wire
    oauth.granted(oauth.by_password(cloud, client))


def test_reject_at_the_authorize_endpoint_goes_to_the_client(cloud: Cloud, client: Client) -> None:
    """A planned refusal of an authorization request is told to the client at its URI, with its state."""
    plan(cloud, {"reject": "oauth.access_denied"}, match={"route": "GET /oauth2/authorize"})
    told = oauth.query_of(oauth.authorize(cloud, client))
    assert (told["error"], told["state"]) == ("access_denied", "s1")


def test_reject_of_one_surface_leaves_the_other_alone(cloud: Cloud, client: Client) -> None:
    """A refusal in the words of OAuth never meets the REST API, nor the other way round."""
    plan(cloud, {"reject": "oauth.invalid_grant"})
    plan(cloud, {"reject": "permission.denied"})
    refused(cloud.call("GET", "/users/me", cloud.user()), 403, "permission.denied")
    answer = oauth.by_password(cloud, client)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "invalid_grant")
    assert list(answer.json()) == ["error", "error_description"]
    assert answer.json()["error_description"] == error["message"]


@pytest.mark.parametrize("transport", ["truncate", "drop", "reset", "garbage"])
def test_transport_fault_at_the_token_endpoint(cloud: Cloud, client: Client, transport: str) -> None:
    """A token answer can be lost like any other."""
    plan(cloud, {"transport": transport}, match={"endpoint": "ACC-TOKEN"}, times=1)
    with pytest.raises(httpx.TransportError):
        oauth.by_password(cloud, client)
    oauth.granted(oauth.by_password(cloud, client))


def test_delay_and_status_at_the_token_endpoint(cloud: Cloud, client: Client) -> None:
    """A token endpoint can be slow and down."""
    plan(cloud, {"delay": 0.1, "status": 503, "body": "down"}, match={"surface": "accounts"})
    before = time.monotonic()
    answer = oauth.by_password(cloud, client)
    assert (answer.status_code, answer.text) == (503, "down")
    assert time.monotonic() - before >= 0.1


@pytest.mark.parametrize(
    ("reject", "match", "hint"),
    [
        ("invalid_grant", {"surface": "accounts"}, '"oauth.invalid_grant"'),
        ("oauth.invalid_grant", {"surface": "rest"}, "no refusal of the surface"),
        ("permission.denied", {"route": "POST /oauth2/access_token"}, "no refusal of the surface"),
    ],
)
def test_refusal_of_another_surface_is_no_plan(cloud: Cloud, reject: str, match: dict[str, str], hint: str) -> None:
    """A code that the matched surface never answers is refused when it is planned."""
    body = {"action": {"reject": reject}, "match": match}
    answer = cloud.http.post(f"{cloud.urls['control']}/faults", json=body)
    assert answer.status_code == 400
    assert hint in answer.json()["why"]
