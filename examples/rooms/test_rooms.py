"""The service's own tests: real sign-ins against the fixture's identity server, and one that misbehaves."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from rooms import Rooms, Settings

CALLBACK = "http://localhost/callback"


@pytest.fixture
def rooms(mockspaces):
    client = mockspaces.oauth_client(redirect_uris=[CALLBACK])
    settings = Settings(
        accounts_url=mockspaces.accounts_url,
        api_url=mockspaces.api_url,
        client_id=client.client_id,
        client_secret=client.client_secret,
        redirect_uri=CALLBACK,
    )
    service = Rooms(settings)
    yield service
    service.close()


@pytest.fixture
def browser(rooms):
    return rooms.app.test_client()


@pytest.fixture
def ann(mockspaces, browser):
    """A browser in which Ann has signed in."""
    assert sign_in(mockspaces, browser).location == "/rooms"
    return browser


def sign_in(mockspaces, browser, who="ann@example.com"):
    """Walk the whole way: to the identity server, which knows and trusts the visitor already, and back."""
    mockspaces.settings(accounts_auto_login=who, accounts_auto_consent=True)
    away = browser.get("/login").location
    back = httpx.get(away, trust_env=False).headers["location"]
    return browser.get(back)


# --- signing in


def test_sends_visitors_to_the_identity_server(mockspaces, browser):
    away = urlsplit(browser.get("/login").location)
    asked = parse_qs(away.query)
    assert away.geturl().startswith(f"{mockspaces.accounts_url}/oauth2/authorize?")
    assert (asked["redirect_uri"], asked["access_type"]) == ([CALLBACK], ["offline"])


def test_pages_want_a_signed_in_visitor(browser):
    assert browser.get("/rooms").location == "/login"


def test_lets_a_visitor_in(ann):
    assert ann.get("/rooms").json["visitor"] == "ann@example.com"


def test_two_visitors_are_two(mockspaces, rooms, ann):
    second = rooms.app.test_client()
    sign_in(mockspaces, second, "bob@example.com")
    assert second.get("/rooms").json["visitor"] == "bob@example.com"
    assert ann.get("/rooms").json["visitor"] == "ann@example.com"


def test_tells_a_visitor_who_was_denied(mockspaces, browser):
    mockspaces.reject("oauth.access_denied", "GET /oauth2/authorize", times=1)
    answer = sign_in(mockspaces, browser)
    assert (answer.status_code, answer.json["code"]) == (403, "access_denied")


@pytest.mark.parametrize("mischief", ["state_not_returned", "state_changed"])
def test_refuses_an_answer_it_did_not_ask_for(mockspaces, browser, mischief):
    mockspaces.misbehave(mischief)
    answer = sign_in(mockspaces, browser)
    assert (answer.status_code, answer.json["code"]) == (400, "state")
    assert mockspaces.journal.find(endpoint="ACC-TOKEN") == []  # the code was not even used


@pytest.mark.parametrize(
    ("mischief", "problem"),
    [
        ("id_token.bad_signature", "InvalidSignatureError"),
        ("id_token.alg_none", "InvalidAlgorithmError"),
        ("id_token.expired_at_issue", "ExpiredSignatureError"),
        ("id_token.wrong_audience", "InvalidAudienceError"),
        ("id_token.wrong_issuer", "InvalidIssuerError"),
        ("id_token.wrong_nonce", "InvalidTokenError"),
        ("no_id_token", "KeyError"),
    ],
)
def test_refuses_an_identity_that_does_not_hold(mockspaces, browser, mischief, problem):
    mockspaces.misbehave(mischief)
    answer = sign_in(mockspaces, browser)
    assert (answer.status_code, answer.json["code"]) == (502, problem)
    assert browser.get("/rooms").location == "/login"


def test_survives_a_token_endpoint_that_refuses(mockspaces, browser):
    mockspaces.reject("oauth.invalid_grant", "POST /oauth2/access_token")
    assert sign_in(mockspaces, browser).json["code"] == "OAuthError"


# --- rooms


def test_books_a_room(mockspaces, ann):
    booked = ann.post("/rooms", json={"title": "Blue room"}).json
    assert [(space.id, space.title) for space in mockspaces.spaces()] == [(booked["id"], "Blue room")]
    assert ann.get("/rooms").json["rooms"] == [{"id": booked["id"], "title": "Blue room"}]


def test_wants_a_title(mockspaces, ann):
    assert ann.post("/rooms", json={"title": "  "}).status_code == 400
    assert mockspaces.spaces() == []


def test_shows_only_ones_own_rooms(mockspaces, ann):
    mockspaces.space("Bob's room", owner="bob@example.com")
    assert ann.get("/rooms").json["rooms"] == []


def test_room_is_free(mockspaces, ann):
    room = mockspaces.space("Blue room", owner="ann@example.com")
    assert ann.get(f"/rooms/{room.id}").json == {"busy": False, "people": []}


def test_room_is_busy(mockspaces, ann):
    room = mockspaces.space("Blue room", owner="ann@example.com", members=["bob@example.com"])
    mockspaces.meeting(room.id, "bob@example.com", "ann@example.com")
    assert ann.get(f"/rooms/{room.id}").json == {"busy": True, "people": ["Bob Builder", "Ann Example"]}


def test_room_of_a_stranger_stays_closed(mockspaces, ann):
    room = mockspaces.space("Rival room", owner="rita@rival.example")
    answer = ann.get(f"/rooms/{room.id}")
    assert (answer.status_code, answer.json["code"]) == (403, "space.members_only")


# --- time and trouble


def test_refreshes_a_token_that_has_run_out(mockspaces, ann):
    with mockspaces.clock.ahead(hours=2):
        assert ann.get("/rooms").status_code == 200
    assert [entry.status for entry in mockspaces.journal.find(path="/api/users/me/spaces")] == [401, 200]


def test_asks_to_sign_in_again_when_there_is_nothing_to_refresh(mockspaces, browser):
    mockspaces.misbehave("no_refresh_token")
    sign_in(mockspaces, browser)
    mockspaces.clock.advance(hours=2)
    assert browser.get("/rooms").location == "/login"


def test_asks_to_sign_in_again_when_the_account_is_disabled(mockspaces, ann):
    mockspaces.change_user("ann@example.com", enabled=False)
    assert ann.get("/rooms").location == "/login"
    assert "disabled" in mockspaces.journal.last(status=401).why


@pytest.mark.parametrize("transport", ["drop", "reset", "truncate", "garbage"])
def test_says_so_when_the_cloud_does_not_answer(mockspaces, ann, transport):
    mockspaces.faults.plan(transport=transport, match={"route": "GET /users/me/spaces"})
    assert ann.get("/rooms").status_code == 502


def test_says_so_when_the_cloud_answers_nonsense(mockspaces, ann):
    mockspaces.fail("GET /users/me/spaces", status=500, body="<h1>Oops</h1>")
    assert (ann.get("/rooms").status_code, ann.get("/rooms").json["code"]) == (502, "")


def test_signing_out_revokes_the_grant(mockspaces, ann):
    assert ann.post("/logout").json == {"signed_out": True, "revoked": True}
    assert ann.get("/rooms").location == "/login"


def test_notices_a_revocation_that_did_nothing(mockspaces, ann):
    mockspaces.misbehave("revoke_not_effective")
    assert ann.post("/logout").json == {"signed_out": True, "revoked": False}
