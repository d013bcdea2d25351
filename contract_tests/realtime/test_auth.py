"""Who may join the namespace, with what, and who must leave it (RT-AUTH-*)."""

import json
import time
from collections.abc import Callable, Mapping

import pytest
import socketio

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, Person, behaviour, only_mock
from contract_tests.oauth import bearer, by_password, granted, register, revoke
from contract_tests.sockets import JOINED, LEFT, Frame, Sockets, address, credential, expired, unsigned

Maker = Callable[[Cloud], Person]

KINDS: dict[str, Maker] = {
    "user jwt": lambda cloud: cloud.jwt_user(),
    "anonymous jwt": lambda cloud: cloud.guest(),
    "oauth": lambda cloud: cloud.user(),
}


@behaviour("RT-AUTH-01", "RT-AUTH-02", "RT-AUTH-04")
@pytest.mark.parametrize("kind", ["user jwt", "anonymous jwt", "oauth"])
@pytest.mark.parametrize("place", ["handshake", "connect"])
def test_every_kind_of_person_joins(cloud: Cloud, sockets: Sockets, kind: str, place: str) -> None:
    """Each kind is accepted in the handshake, in any order, and in the query of the CONNECT."""
    query = credential(KINDS[kind](cloud))
    with claim("RT-AUTH-01", "RT-AUTH-02", "RT-AUTH-04", "it joins"):
        expect(joins(sockets, place, query), JOINED)


@behaviour("RT-AUTH-03", "RT-ACC-01")
@pytest.mark.parametrize("place", ["handshake", "connect"])
def test_a_service_app_joins(cloud: Cloud, sockets: Sockets, place: str) -> None:
    """It is accepted in the handshake, in any order, and in the query of the CONNECT."""
    query = credential(cloud.app("spaces.websocket"))
    with claim("RT-AUTH-03", "RT-ACC-01", "a service app with spaces.websocket joins"):
        expect(joins(sockets, place, query), JOINED)


@behaviour("RT-EIO-14")
def test_a_token_may_be_in_either_query(cloud: Cloud, sockets: Sockets) -> None:
    """The token is in the handshake alone, or in the CONNECT alone."""
    query = credential(cloud.guest())
    for place in ("handshake", "connect"):
        with claim("RT-EIO-14", f"a token in the {place} alone counts"):
            expect(joins(sockets, place, query), JOINED)


def joins(sockets: Sockets, place: str, query: Mapping[str, str]) -> Frame:
    """Return the answer to a CONNECT, with the credential in one place alone, in the handshake backwards."""
    if place == "handshake":
        return sockets.at(sockets.url(dict(reversed(list(query.items()))))).join()
    return sockets.open().join("?" + "&".join(f"{name}={value}" for name, value in query.items()))


@behaviour("RT-AUTH-03", "RT-AUTH-05")
def test_a_service_app_jwt_is_recognised_under_jwt(cloud: Cloud, sockets: Sockets) -> None:
    """The JWT of a service app may be announced as jwt, and its scope is asked all the same."""
    app = cloud.app("spaces.websocket")
    with claim("RT-AUTH-03", "the JWT of a service app is recognised under jwt"):
        observe(sockets.open(token=app.sign(), tokenType="jwt").join(), JOINED)
    other = cloud.app(lacks=["spaces.websocket"])
    with claim("RT-AUTH-03", "RT-AUTH-05", "the scope of a service app is asked under jwt too"):
        observe(sockets.open(token=other.sign(), tokenType="jwt").join(), '44/chat,"scope.missing"')


@behaviour("RT-AUTH-05", "RT-ACC-01")
def test_a_service_app_needs_its_scope(cloud: Cloud, sockets: Sockets) -> None:
    """A service app without spaces.websocket is refused."""
    app = cloud.app(lacks=["spaces.websocket"])
    with claim("RT-AUTH-05", "RT-ACC-01", "a service app without spaces.websocket is refused"):
        observe(sockets.open(app).join(), '44/chat,"scope.missing"')


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
}


@behaviour("RT-AUTH-04", "RT-AUTH-06", "RT-AUTH-07", "RT-EIO-12")
@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_names_its_code_and_leaves_the_transport_open(cloud: Cloud, sockets: Sockets, case: str) -> None:
    """Open packet and 40 come first, then the refusal; pings are answered and the CONNECT may be tried again."""
    make, code = REFUSED[case]
    url = sockets.url(make(cloud))
    with claim("RT-AUTH-06", "open packet and 40 come before the refusal"):
        chat = sockets.at(url)
        expect(chat.greeting, "40")
    with claim("RT-AUTH-04", "it is refused at the CONNECT"):
        answer = str(chat.join())
        assert answer.startswith("44/chat"), answer
    with claim("RT-AUTH-06", "RT-EIO-12", "the refusal is a JSON string behind 44/chat"):
        assert isinstance(json.loads(answer.removeprefix("44/chat,")), str)
    with claim("RT-AUTH-07", "the refusal names its code"):
        observe(answer, f'44/chat,"{code}"')
    with claim("RT-AUTH-06", "RT-EIO-12", "the transport stays open, and pings are answered"):
        observe(chat.frames(), [])
    with claim("RT-AUTH-06", "RT-EIO-12", "the CONNECT may be tried again"):
        observe(chat.join(), answer)


@behaviour("RT-AUTH-01", "RT-AUTH-07")
def test_a_token_has_no_scheme_prefix(cloud: Cloud, sockets: Sockets) -> None:
    """The word of the Authorization header does not belong into the query."""
    token = cloud.guest().token
    with claim("RT-AUTH-01", "RT-AUTH-07", "a token of somebody anonymous behind a scheme is refused"):
        chat = sockets.open(token=f"jwt {token}", tokenType="jwt")
        observe([chat.greeting, chat.join()], ["40", '44/chat,"auth.credential_invalid"'])
    token = cloud.jwt_user().token
    with claim("RT-AUTH-01", "RT-AUTH-07", "a token of a user behind a scheme is refused"):
        chat = sockets.open(token=f"jwt {token}", tokenType="jwt")
        wanted = '44/chat,"auth.credential_invalid"'
        observe([chat.join(), chat.frames(), chat.join()], [wanted, [], wanted])


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
    with claim("RT-AUTH-07", "it is refused with its code"):
        observe(sockets.open(app).join(), f'44/chat,"{code}"')


@behaviour("RT-AUTH-06", "RT-AUTH-07", "RT-AUTH-09")
def test_a_refused_client_may_come_back_with_another_token(cloud: Cloud, sockets: Sockets) -> None:
    """On the same transport a CONNECT with a good token succeeds after one with none."""
    token = cloud.guest().token
    chat = sockets.open()
    with claim("RT-AUTH-07", "a CONNECT without a token is refused"):
        observe(chat.join(), '44/chat,"auth.credential_missing"')
    with claim("RT-AUTH-06", "RT-AUTH-09", "a CONNECT with a good token succeeds after a refused one"):
        observe(chat.join(f"?token={token}"), JOINED)
    token = cloud.jwt_user().token
    chat = sockets.open()
    with claim("RT-AUTH-06", "a user comes back with a good token after a refused CONNECT"):
        observe([chat.join(), chat.join(f"?token={token}")], ['44/chat,"auth.credential_missing"', JOINED])


@behaviour("RT-AUTH-08")
def test_the_handshake_wins_over_the_connect(cloud: Cloud, sockets: Sockets) -> None:
    """When both carry a token, that of the handshake counts, whether it is the good one or not."""
    for kind, make in (("somebody anonymous", cloud.guest), ("a user", cloud.jwt_user)):
        good = make().token
        with claim("RT-AUTH-08", f"a good token of {kind} in the handshake wins over a bad one"):
            expect(sockets.open(token=good, tokenType="jwt").join("?token=bad&tokenType=jwt"), JOINED)
        with claim("RT-AUTH-08", f"a bad token in the handshake wins over a good one of {kind}"):
            answer = sockets.open(token="bad", tokenType="jwt").join(f"?token={good}&tokenType=jwt")
            expect(answer, '44/chat,"auth.credential_invalid"')


@behaviour("RT-AUTH-09")
def test_a_missing_token_type_counts_as_jwt(cloud: Cloud, sockets: Sockets) -> None:
    """Published clients with a mangled query send no tokenType at all."""
    guest = cloud.guest()
    with claim("RT-AUTH-09", "without a tokenType an anonymous JWT is accepted"):
        observe(sockets.open(token=guest.token).join(), JOINED)
    ann = cloud.jwt_user()
    with claim("RT-AUTH-09", "without a tokenType a user JWT is accepted"):
        observe(sockets.open(token=ann.token).join(), JOINED)
    ann = cloud.user()
    with claim("RT-AUTH-09", "without a tokenType an OAuth token is refused"):
        observe(sockets.open(token=ann.token).join(), '44/chat,"auth.credential_invalid"')


@behaviour("RT-AUTH-10")
def test_a_mangled_token_is_tolerated_only_by_setting(cloud: Cloud, sockets: Sockets) -> None:
    """A literal =jwt behind the token is refused, unless socket.lenient_token allows it, which the journal tells."""
    token = f"{cloud.guest().token}=jwt"
    with claim("RT-AUTH-10", "a literal =jwt behind an anonymous JWT is refused"):
        observe(sockets.open(token=token).join(), '44/chat,"auth.credential_invalid"')
    token = f"{cloud.jwt_user().token}=jwt"
    with claim("RT-AUTH-10", "a literal =jwt behind a user JWT is refused"):
        observe(sockets.open(token=token).join(), '44/chat,"auth.credential_invalid"')
    cloud.configure({"socket.lenient_token": True})
    with claim("RT-AUTH-10", "a setting tolerates it, which the journal tells"):
        observe(sockets.open(token=token).join(), JOINED)
        observe("socket.lenient_token" in cloud.why(event="connect"), wanted=True)


@behaviour("RT-AUTH-11")
def test_cookies_and_other_parameters_have_no_effect(cloud: Cloud, sockets: Sockets) -> None:
    """A cookie authenticates nobody, and unknown parameters disturb nobody."""
    for kind, make in (("somebody anonymous", cloud.guest), ("a user", cloud.jwt_user)):
        who = make()
        url = sockets.url({"batchRoster": "true", "x": "1"})
        with claim("RT-AUTH-11", f"a cookie with the token of {kind} authenticates nobody"):
            wire = sockets.wire(url, additional_headers={"Cookie": f"token={who.token}; sessionid=x"})
            wire.send("40/chat")
            observe([wire.receive() for _ in range(3)][2], '44/chat,"auth.credential_missing"')
        with claim("RT-AUTH-11", f"batchRoster and unknown parameters do not disturb {kind}"):
            observe(sockets.open(who, batchRoster="true", x="1").join(), JOINED)
    ann = cloud.user()
    with claim("RT-AUTH-11", "batchRoster and unknown parameters do not disturb an OAuth token"):
        observe(sockets.open(ann, batchRoster="true", x="1").join(), JOINED)


@behaviour("RT-AUTH-12")
def test_expiry_ends_no_connection(cloud: Cloud, sockets: Sockets) -> None:
    """A token that expires while its connection lives does not end it."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat = sockets.join(ann, space)
    cloud.advance(100_000)
    with claim("RT-AUTH-12", "a token that expires ends no connection"):
        observe(chat.message(space)[0], "MESSAGE_SENT")


@behaviour("RT-AUTH-12")
def test_a_disabled_user_is_sent_away(cloud: Cloud, sockets: Sockets) -> None:
    """Disabling a user sends 41/chat to all their sockets and closes them, and touches nobody else's."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    own, others = [sockets.join(ann), sockets.join(cloud.jwt_user())], sockets.join(bob)
    cloud.control("PATCH", f"/users/{ann.username}", {"enabled": False})
    with claim("RT-AUTH-12", "each socket of a disabled user is sent away and closed"):
        observe([one.end() for one in own], [([LEFT], 1000)] * 2)
    with claim("RT-AUTH-12", "sockets of others stay when a user is disabled"):
        observe(others.frames(), [])


@behaviour("RT-AUTH-12")
def test_whoever_revokes_a_grant_is_sent_away(cloud: Cloud, sockets: Sockets) -> None:
    """Revoking a grant ends the sockets that came with its token, and no other socket of the same person."""
    client = register(cloud)
    revoked, kept = (granted(by_password(cloud, client)) for _ in range(2))
    gone, stays = (sockets.join(bearer(tokens["access_token"])) for tokens in (revoked, kept))
    revoke(cloud, client_id=client.id, refresh_token=revoked["refresh_token"])
    with claim("RT-AUTH-12", "a socket with a token of a revoked grant is sent away and closed"):
        observe(gone.end(), ([LEFT], 1000))
    with claim("RT-AUTH-12", "a socket with a token of another grant stays"):
        observe(stays.unsubscribe("")[0], "CHANNEL_UNSUBSCRIBED")


@behaviour("RT-AUTH-12")
@pytest.mark.parametrize("change", [{"active": False}, {"account_enabled": False}])
def test_a_service_app_that_is_switched_off_is_sent_away(
    cloud: Cloud, sockets: Sockets, change: dict[str, bool]
) -> None:
    """Deactivating the app, and disabling its service account, sends 41/chat and closes."""
    app = cloud.app("spaces.websocket")
    chat = sockets.join(app)
    cloud.control("PATCH", f"/service-apps/{app.key['iss']}", change)
    with claim("RT-AUTH-12", "it is sent away and closed"):
        observe(chat.end(), ([LEFT], 1000))


@behaviour("RT-AUTH-12")
def test_a_deleted_user_is_sent_away(cloud: Cloud, sockets: Sockets) -> None:
    """Deleting a user by a bulk update sends 41/chat and closes."""
    only_mock(cloud, "would delete somebody's account")
    eve = cloud.user("eve@example.com")
    chat = sockets.join(eve)
    app = cloud.app("accounts.users.bulk.write")
    answer = cloud.call("POST", "/users/bulkupdate", app, json=[{"action": "delete", "email": eve.username}])
    assert answer.json()["data"][0]["success"] is True
    with claim("RT-AUTH-12", "a deleted user is sent away and closed"):
        observe(chat.end(), ([LEFT], 1000))


@behaviour("RT-AUTH-13")
def test_a_user_may_hold_many_connections_each_for_itself(cloud: Cloud, sockets: Sockets) -> None:
    """Of two connections of one user only the subscribed one hears of a space."""
    ann = cloud.user()
    space = cloud.space(ann)
    one, other = sockets.join(ann, space), sockets.join(ann)
    cloud.message(space, ann)
    with claim("RT-AUTH-13", "the connection that subscribed hears of the space"):
        observe(len(one.said("MESSAGE_SENT")), 1)
    with claim("RT-AUTH-13", "another connection of the same user does not hear of it"):
        observe(other.heard(), [])


@behaviour("RT-AUTH-13", "MISC-LIMIT-01")
def test_a_user_may_hold_three_connections_where_limits_are_enforced(cloud: Cloud, sockets: Sockets) -> None:
    """The fourth connection of a person is refused until one of theirs has gone; without the setting it is not."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    free = [sockets.join(bob) for _ in range(4)]
    with claim("RT-AUTH-13", "without the setting there may be four"):
        observe(len(free), 4)
    cloud.configure({"socket.enforce_limits": True})
    chats = [sockets.join(ann) for _ in range(3)]
    with claim("RT-AUTH-13", "MISC-LIMIT-01", "the fourth connection is refused, its transport stays open"):
        fourth = sockets.open(ann)
        observe([fourth.join(), fourth.frames()], ['44/chat,"rate.limited"', []])
    with claim("RT-AUTH-13", "another person is not concerned"):
        observe(sockets.open(cloud.guest()).join(), JOINED)
    chats[0].send("41/chat")
    chats[0].frames()
    with claim("RT-AUTH-13", "when one has gone there is room for another"):
        observe(fourth.join(), JOINED)


@behaviour("RT-AUTH-13", "MISC-LIMIT-01")
def test_events_have_a_size_where_limits_are_enforced(cloud: Cloud, sockets: Sockets) -> None:
    """An event of more than 16 KB of JSON is refused, one of exactly that is not; without the setting both pass."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat = sockets.join(ann, space)
    empty = {"category": "chat", "topicId": space, "content": {"bodyText": ""}}
    full = 16 * 1024 - len(json.dumps(empty, separators=(",", ":")))
    with claim("RT-AUTH-13", "without the setting more is taken"):
        observe(chat.message(space, "x" * (full + 1))[0], "MESSAGE_SENT")
    cloud.configure({"socket.enforce_limits": True})
    with claim("RT-AUTH-13", "MISC-LIMIT-01", "exactly 16 KB are taken"):
        observe(chat.message(space, "x" * full)[0], "MESSAGE_SENT")
    with claim("RT-AUTH-13", "MISC-LIMIT-01", "one byte more is refused"):
        name, told = chat.message(space, "x" * (full + 1))
        observe((name, told["error"]), ("SEND_MESSAGE_FAILED", "request.too_large"))


@behaviour("RT-AUTH-13", "MISC-LIMIT-01")
def test_events_are_counted_where_limits_are_enforced(cloud: Cloud, sockets: Sockets) -> None:
    """A person's events of a minute are counted over all their connections, and the next minute begins anew."""
    ann = cloud.user()
    space, elsewhere = cloud.space(ann), cloud.space(ann)
    cloud.configure({"socket.enforce_limits": True})
    cloud.control("PATCH", "/contract", {"limits": {"socket_calls": 4}})
    cloud.freeze()
    one, other = sockets.join(ann, space), sockets.join(ann, elsewhere)
    with claim("RT-AUTH-13", "as many events as the limit are taken"):
        observe([one.message(space)[0], other.message(elsewhere)[0]], ["MESSAGE_SENT"] * 2)
    with claim("RT-AUTH-13", "MISC-LIMIT-01", "one more is refused, on whichever connection"):
        name, told = one.message(space)
        observe((name, told["error"]), ("SEND_MESSAGE_FAILED", "rate.limited"))
    cloud.advance(60)
    with claim("RT-AUTH-13", "after a minute events are taken again"):
        observe(one.message(space)[0], "MESSAGE_SENT")


@behaviour("RT-AUTH-14")
def test_nothing_crosses_worlds(cloud: Cloud, sockets: Sockets) -> None:
    """A token of another world is an unknown one, and an event stays in its world."""
    ann = cloud.jwt_user()
    default = cloud.urls["control"]
    other = cloud.http.post(f"{default}/worlds", json={"name": f"twin-{time.monotonic_ns()}"}).json()
    query = {**credential(ann), "EIO": "3", "transport": "websocket"}
    try:
        with claim("RT-AUTH-14", "a token of another world is refused"):
            urls = other["urls"]["port"] or other["urls"]["prefix"]
            observe(sockets.at(address(urls, query)).join(), '44/chat,"auth.credential_invalid"')
        with claim("RT-AUTH-14", "a token is accepted in its own world"):
            observe(sockets.open(ann).join(), JOINED)
    finally:
        cloud.http.delete(f"{default}/worlds/{other['name']}")


# --- protocol 4


@behaviour("RT-EP-05", "RT-AUTH-06", "RT-AUTH-08")
def test_clients_of_protocol_4_are_served(cloud: Cloud, sockets: Sockets) -> None:
    """With EIO=4 the open packet has maxPayload, the auth object counts, and answers are those of protocol 5."""
    for kind, make in (("somebody anonymous", cloud.guest), ("a user", cloud.jwt_user)):
        who = make()
        wire = sockets.wire(sockets.url({"EIO": "4"}))
        with claim("RT-EP-05", f"{kind}: the open packet of protocol 4 has maxPayload"):
            opening = json.loads(str(wire.receive())[1:])
            observe(sorted(opening), ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"])
        with claim("RT-AUTH-06", f"{kind}: a refusal is an object with message under protocol 4"):
            wire.send("40/chat,")
            observe(wire.receive(), '44/chat,{"message":"auth.credential_missing"}')
        with claim("RT-AUTH-08", "RT-EP-05", f"{kind}: the auth object counts"):
            wire.send(f"40/chat,{json.dumps({'token': who.token, 'tokenType': 'jwt'})}")
            answer = str(wire.receive())
            observe(answer.startswith('40/chat,{"sid":"'), wanted=True)
        with claim("RT-EP-05", f"{kind}: an unknown namespace is refused by an object with message"):
            wire.send("40/nope,")
            observe(wire.receive(), '44/nope,{"message":"Invalid namespace"}')


@behaviour("RT-EP-05")
def test_the_server_pings_clients_of_protocol_4(cloud: Cloud, sockets: Sockets) -> None:
    """Who answers the server's pings stays, who does not is closed."""
    cloud.configure({"socket.ping_interval_ms": 100, "socket.ping_timeout_ms": 600})
    lively, silent = sockets.wire(sockets.url({"EIO": "4"})), sockets.wire(sockets.url({"EIO": "4"}))
    lively.receive()
    with claim("RT-EP-05", "who answers the server's pings stays"):
        for _ in range(8):
            observe(lively.receive(), "2")
            lively.send("3")
    with claim("RT-EP-05", "who answers no ping is closed"):
        frames, code = silent.end()
        observe((frames[1:2], code), (["2"], 1000))


@behaviour("RT-EP-05", "RT-EIO-01")
def test_protocol_4_can_be_switched_off(cloud: Cloud, sockets: Sockets) -> None:
    """With socket.allow_eio4 false every client is served as one of protocol 3."""
    cloud.configure({"socket.allow_eio4": False})
    with claim("RT-EP-05", "RT-EIO-01", "by a setting a client of protocol 4 is served as one of protocol 3"):
        observe(sockets.open(cloud.user(), EIO="4").join(), JOINED)


@behaviour("RT-EP-05")
def test_a_library_of_protocol_5_gets_the_same_events(cloud: Cloud) -> None:
    """python-socketio 5 joins with its own means and hears what every client hears."""
    ann = cloud.user()
    space = cloud.space(ann)
    with socketio.SimpleClient() as client:
        with claim("RT-EP-05", "python-socketio 5 joins and subscribes"):
            client.connect(
                cloud.urls["socket"],
                auth=credential(ann),
                transports=["websocket"],
                namespace="/chat",
                socketio_path=cloud.urls["socketio_path"],
            )
            client.emit("SUBSCRIBE_CHANNEL", {"channel": {"_id": space, "type": "topic"}})
            observe(client.receive(timeout=5)[0], "CHANNEL_SUBSCRIBED")
        with claim("RT-EP-05", "python-socketio 5 hears what every client hears"):
            cloud.message(space, ann, "hello")
            name, payload = client.receive(timeout=5)
            observe((name, payload["content"]["bodyText"]), ("MESSAGE_SENT", "hello"))
