"""Who may join the namespace, with what, and who must leave it (RT-AUTH-*)."""

import json
import time
from collections.abc import Callable

import pytest
import socketio

from contract_tests.claims import expect, observe
from contract_tests.kit import App, Cloud, Person, behaviour
from contract_tests.sockets import JOINED, LEFT, Sockets, address, credential, expired, unsigned

NO_CLAIMS_YET = True


Credential = Person | App
Maker = Callable[[Cloud], Credential]

KINDS: dict[str, Maker] = {
    "user jwt": lambda cloud: cloud.jwt_user(),
    "anonymous jwt": lambda cloud: cloud.guest(),
    "oauth": lambda cloud: cloud.user(),
    "service app": lambda cloud: cloud.app("spaces.websocket"),
}


@behaviour("RT-AUTH-01", "RT-AUTH-02", "RT-AUTH-03", "RT-AUTH-04", "RT-ACC-01", "RT-EIO-14")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["handshake", "connect"])
def test_every_kind_of_credential_joins(cloud: Cloud, sockets: Sockets, kind: str, place: str) -> None:
    """Each kind is accepted in the handshake, in any order, and in the query of the CONNECT."""
    query = credential(KINDS[kind](cloud))
    if place == "handshake":
        backwards = dict(reversed(query.items()))
        expect(sockets.at(sockets.url(backwards)).join(), JOINED)
    else:
        suffix = "?" + "&".join(f"{name}={value}" for name, value in query.items())
        expect(sockets.open().join(suffix), JOINED)


@behaviour("RT-AUTH-03")
def test_a_service_app_jwt_is_recognised_under_jwt(cloud: Cloud, sockets: Sockets) -> None:
    """The JWT of a service app may be announced as jwt, and its scope is asked all the same."""
    observe(sockets.open(token=cloud.app("spaces.websocket").sign(), tokenType="jwt").join(), JOINED)
    observe(sockets.open(token=cloud.app("spaces.list").sign(), tokenType="jwt").join(), '44/chat,"scope.missing"')


@behaviour("RT-AUTH-05", "RT-ACC-01")
def test_a_service_app_needs_its_scope(cloud: Cloud, sockets: Sockets) -> None:
    """A service app without spaces.websocket is refused."""
    observe(sockets.open(cloud.app("spaces.chat.create")).join(), '44/chat,"scope.missing"')


REFUSED: dict[str, tuple[Callable[[Cloud], dict[str, str]], str]] = {
    "no token": (lambda _cloud: {}, "auth.credential_missing"),
    "empty token": (lambda _cloud: {"token": "", "tokenType": "jwt"}, "auth.credential_missing"),
    "garbage": (lambda _cloud: {"token": "x", "tokenType": "jwt"}, "auth.credential_invalid"),
    "unknown": (lambda _cloud: {"token": "0" * 40, "tokenType": "oauth"}, "auth.credential_invalid"),
    "bad signature": (
        lambda _cloud: {"token": unsigned({"anonymous_id": "x", "exp": 9e9}), "tokenType": "jwt"},
        "auth.credential_invalid",
    ),
    "expired oauth": (
        lambda cloud: credential(expired(cloud, cloud.user().username, "oauth")),
        "auth.credential_expired",
    ),
    "expired jwt": (lambda cloud: credential(expired(cloud, cloud.user().username, "jwt")), "auth.credential_expired"),
    "unknown type": (lambda cloud: {"token": cloud.user().token, "tokenType": "sat"}, "auth.credential_malformed"),
    "no spaces scope": (lambda cloud: credential(cloud.user(scope="email profile")), "scope.oauth_missing"),
    "scheme prefix": (
        lambda cloud: {"token": f"jwt {cloud.jwt_user().token}", "tokenType": "jwt"},
        "auth.credential_invalid",
    ),
}


@behaviour("RT-AUTH-01", "RT-AUTH-04", "RT-AUTH-06", "RT-AUTH-07", "RT-EIO-12")
@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_names_its_code_and_leaves_the_transport_open(cloud: Cloud, sockets: Sockets, case: str) -> None:
    """Open packet and 40 come first, then the refusal; pings are answered and the CONNECT may be tried again."""
    make, code = REFUSED[case]
    chat = sockets.at(sockets.url(make(cloud)))
    expect(chat.greeting, "40")
    observe(chat.join(), f'44/chat,"{code}"')
    observe(chat.frames(), [])
    observe(chat.join(), f'44/chat,"{code}"')


@behaviour("RT-AUTH-07")
@pytest.mark.parametrize(
    ("change", "code"),
    [({"active": False}, "auth.app_inactive"), ({"account_enabled": False}, "auth.service_account_disabled")],
)
def test_a_service_app_that_is_switched_off_is_refused(
    cloud: Cloud, sockets: Sockets, change: dict[str, bool], code: str
) -> None:
    """An inactive app and a disabled service account have codes of their own."""
    app = cloud.app("spaces.websocket")
    cloud.control("PATCH", f"/service-apps/{app.key['iss']}", change)
    observe(sockets.open(app).join(), f'44/chat,"{code}"')


@behaviour("RT-AUTH-06")
def test_a_refused_client_may_come_back_with_another_token(cloud: Cloud, sockets: Sockets) -> None:
    """On the same transport a CONNECT with a good token succeeds after one with none."""
    chat = sockets.open()
    observe(chat.join(), '44/chat,"auth.credential_missing"')
    observe(chat.join(f"?token={cloud.jwt_user().token}"), JOINED)


@behaviour("RT-AUTH-08")
def test_the_handshake_wins_over_the_connect(cloud: Cloud, sockets: Sockets) -> None:
    """When both carry a token, that of the handshake counts, whether it is the good one or not."""
    good = cloud.jwt_user().token
    expect(sockets.open(token=good, tokenType="jwt").join("?token=bad&tokenType=jwt"), JOINED)
    answer = sockets.open(token="bad", tokenType="jwt").join(f"?token={good}&tokenType=jwt")
    expect(answer, '44/chat,"auth.credential_invalid"')


@behaviour("RT-AUTH-09")
def test_a_missing_token_type_counts_as_jwt(cloud: Cloud, sockets: Sockets) -> None:
    """Published clients with a mangled query send no tokenType at all."""
    observe(sockets.open(token=cloud.jwt_user().token).join(), JOINED)
    observe(sockets.open(token=cloud.user().token).join(), '44/chat,"auth.credential_invalid"')


@behaviour("RT-AUTH-10")
def test_a_mangled_token_is_tolerated_only_by_setting(cloud: Cloud, sockets: Sockets) -> None:
    """A literal =jwt behind the token is refused, unless socket.lenient_token allows it, which the journal tells."""
    token = f"{cloud.jwt_user().token}=jwt"
    observe(sockets.open(token=token).join(), '44/chat,"auth.credential_invalid"')
    cloud.configure({"socket.lenient_token": True})
    observe(sockets.open(token=token).join(), JOINED)
    observe("socket.lenient_token" in cloud.why(event="connect"), wanted=True)


@behaviour("RT-AUTH-11")
def test_cookies_and_other_parameters_have_no_effect(cloud: Cloud, sockets: Sockets) -> None:
    """A cookie authenticates nobody, and unknown parameters disturb nobody."""
    url = sockets.url({"batchRoster": "true", "x": "1"})
    wire = sockets.wire(url, additional_headers={"Cookie": f"token={cloud.jwt_user().token}; sessionid=x"})
    wire.send("40/chat")
    observe([wire.receive() for _ in range(3)][2], '44/chat,"auth.credential_missing"')
    observe(sockets.open(cloud.user(), batchRoster="true", x="1").join(), JOINED)


@behaviour("RT-AUTH-12")
def test_expiry_ends_no_connection(cloud: Cloud, sockets: Sockets) -> None:
    """A token that expires while its connection lives does not end it."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat = sockets.join(ann, space)
    cloud.advance(100_000)
    observe(chat.message(space)[0], "MESSAGE_SENT")


@behaviour("RT-AUTH-12")
def test_a_disabled_user_is_sent_away(cloud: Cloud, sockets: Sockets) -> None:
    """Disabling a user sends 41/chat to all his sockets and closes them, and touches nobody else's."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    own, others = [sockets.join(ann), sockets.join(cloud.jwt_user())], sockets.join(bob)
    cloud.control("PATCH", f"/users/{ann.username}", {"enabled": False})
    observe([one.end() for one in own], [([LEFT], 1000)] * 2)
    observe(others.frames(), [])


@behaviour("RT-AUTH-12")
@pytest.mark.parametrize("change", [{"active": False}, {"account_enabled": False}])
def test_a_service_app_that_is_switched_off_is_sent_away(
    cloud: Cloud, sockets: Sockets, change: dict[str, bool]
) -> None:
    """Deactivating the app, and disabling its service account, sends 41/chat and closes."""
    app = cloud.app("spaces.websocket")
    chat = sockets.join(app)
    cloud.control("PATCH", f"/service-apps/{app.key['iss']}", change)
    observe(chat.end(), ([LEFT], 1000))


@behaviour("RT-AUTH-12")
def test_a_deleted_user_is_sent_away(cloud: Cloud, sockets: Sockets) -> None:
    """Deleting a user by a bulk update sends 41/chat and closes."""
    eve = cloud.user("eve@example.com")
    chat = sockets.join(eve)
    app = cloud.app("accounts.users.bulk.write")
    answer = cloud.call("POST", "/users/bulkupdate", app, json=[{"action": "delete", "email": eve.username}])
    observe(answer.json()["data"][0]["success"], wanted=True)
    observe(chat.end(), ([LEFT], 1000))


@behaviour("RT-AUTH-13")
def test_a_user_may_hold_many_connections_each_for_itself(cloud: Cloud, sockets: Sockets) -> None:
    """Of two connections of one user only the subscribed one hears of a space."""
    ann = cloud.user()
    space = cloud.space(ann)
    one, other = sockets.join(ann, space), sockets.join(ann)
    cloud.message(space, ann)
    observe((len(one.said("MESSAGE_SENT")), other.heard()), (1, []))


@behaviour("RT-AUTH-14")
def test_nothing_crosses_worlds(cloud: Cloud, sockets: Sockets) -> None:
    """A token of another world is an unknown one, and an event stays in its world."""
    ann = cloud.jwt_user()
    default = cloud.urls["control"]
    other = cloud.http.post(f"{default}/worlds", json={"name": f"twin-{time.monotonic_ns()}"}).json()
    try:
        foreign = sockets.at(address(other["urls"]["port"], {**credential(ann), "EIO": "3", "transport": "websocket"}))
        observe(foreign.join(), '44/chat,"auth.credential_invalid"')
        observe(sockets.open(ann).join(), JOINED)
    finally:
        cloud.http.delete(f"{default}/worlds/{other['name']}")


# --- protocol 4


@behaviour("RT-EP-05", "RT-AUTH-06", "RT-AUTH-08")
def test_clients_of_protocol_4_are_served(cloud: Cloud, sockets: Sockets) -> None:
    """With EIO=4 the open packet has maxPayload, the auth object counts, and answers are those of protocol 5."""
    ann = cloud.jwt_user()
    wire = sockets.wire(sockets.url({"EIO": "4"}))
    opening = json.loads(str(wire.receive())[1:])
    observe(sorted(opening), ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"])
    wire.send("40/chat,")
    observe(wire.receive(), '44/chat,{"message":"auth.credential_missing"}')
    wire.send(f"40/chat,{json.dumps({'token': ann.token, 'tokenType': 'jwt'})}")
    answer = str(wire.receive())
    observe(answer.startswith('40/chat,{"sid":"'), wanted=True)
    wire.send("40/nope,")
    observe(wire.receive(), '44/nope,{"message":"Invalid namespace"}')


@behaviour("RT-EP-05")
def test_the_server_pings_clients_of_protocol_4(cloud: Cloud, sockets: Sockets) -> None:
    """Who answers the server's pings stays, who does not is closed."""
    cloud.configure({"socket.ping_interval_ms": 100, "socket.ping_timeout_ms": 600})
    lively, silent = sockets.wire(sockets.url({"EIO": "4"})), sockets.wire(sockets.url({"EIO": "4"}))
    lively.receive()
    for _ in range(8):
        observe(lively.receive(), "2")
        lively.send("3")
    frames, code = silent.end()
    observe((frames[1:2], code), (["2"], 1000))


@behaviour("RT-EP-05", "RT-EIO-01")
def test_protocol_4_can_be_switched_off(cloud: Cloud, sockets: Sockets) -> None:
    """With socket.allow_eio4 false every client is served as one of protocol 3."""
    cloud.configure({"socket.allow_eio4": False})
    observe(sockets.open(cloud.user(), EIO="4").join(), JOINED)


@behaviour("RT-EP-05")
def test_a_library_of_protocol_5_gets_the_same_events(cloud: Cloud) -> None:
    """python-socketio 5 joins with its own means and hears what every client hears."""
    ann = cloud.user()
    space = cloud.space(ann)
    with socketio.SimpleClient() as client:
        client.connect(
            cloud.urls["socket"],
            auth=credential(ann),
            transports=["websocket"],
            namespace="/chat",
            socketio_path=cloud.urls["socketio_path"],
        )
        client.emit("SUBSCRIBE_CHANNEL", {"channel": {"_id": space, "type": "topic"}})
        observe(client.receive(timeout=5)[0], "CHANNEL_SUBSCRIBED")
        cloud.message(space, ann, "hello")
        name, payload = client.receive(timeout=5)
        observe((name, payload["content"]["bodyText"]), ("MESSAGE_SENT", "hello"))
