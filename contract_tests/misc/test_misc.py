from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import ISO_TIME, OBJECT_ID, TEXT, URL, Cloud, behaviour, refused
from contract_tests.sockets import displayname

NOTHING = {"isSpaceValidated": False, "isAppValidated": False}


@behaviour("MISC-CONF-01", "REST-HOST-02", "ERR-ORDER-03")
def test_the_configuration_names_the_origins(cloud: Cloud) -> None:
    """Without any credential, or with a bad one, the origins of all surfaces are told, without a path."""
    with claim("MISC-CONF-01", "no credential is needed"):
        expect(cloud.call("GET", "/service-configurations").status_code, 200)
    answer = cloud.call("GET", "/service-configurations", headers={"Authorization": "nonsense"})
    with claim("ERR-ORDER-03", "a bad credential is of no matter", about=[answer]):
        expect(answer.status_code, 200)
    with claim("MISC-CONF-01", "it has three surfaces, and the spaces have REST API and sockets", about=[answer]):
        expect(set(answer.json()), {"spaces", "store", "accounts"})
        expect({"server_url", "socketio_server_url"} <= set(answer.json()["spaces"]), wanted=True)
    with claim("MISC-CONF-01", "the origins have no path but that of their world", about=[answer]):
        found = answer.json()
        urls = [*found["spaces"].values(), found["store"]["server_url"], found["accounts"]["server_url"]]
        observe([httpx.URL(url).path for url in urls], [cloud.prefix or "/"] * len(urls))
    with claim("REST-HOST-02", "it names the REST API", about=[answer]):
        observe(f"{answer.json()['spaces']['server_url']}/api", cloud.api)


@behaviour("MISC-LIMIT-01", "LIM-01")
def test_the_limits_are_told(cloud: Cloud) -> None:
    """Global limits have the documented keys and numbers, resource limits four members each."""
    guest = cloud.guest()
    answer = cloud.call("GET", "/limit", guest)
    with claim("MISC-LIMIT-01", "LIM-01", "600 calls in 300 seconds are told", about=[answer]):
        expect(answer.json()["global"]["rest_api"]["rate_limit"], 600)
        expect(answer.json()["global"]["rest_api"]["rate_interval"], 300)
    with claim("MISC-LIMIT-01", "the largest file has 1 GiB, in KB", about=[answer]):
        expect(answer.json()["global"]["rest_api"]["max_upload_file_size"], 1_048_576)
    with claim("MISC-LIMIT-01", "limits of sockets are told", about=[answer]):
        wanted = {"max_connections": 3, "rate_limit": 600, "rate_interval": 60, "payload_size": 16}
        expect(answer.json()["global"]["socketio"], wanted)
    with claim("MISC-LIMIT-01", "limits of resources have four members", about=[answer]):
        members = frozenset(("path", "method", "rate_limit", "rate_interval"))
        expect({frozenset(one) for one in answer.json()["resource"]}, {members})
    with claim("MISC-LIMIT-01", "upload URLs are asked for by POST, 30 times a minute", about=[answer]):
        (uploads,) = [one for one in answer.json()["resource"] if one["path"].endswith("getuploadurl")]
        expect([uploads[name] for name in ("method", "rate_limit", "rate_interval")], ["POST", 30, 60])
    ann = cloud.user()
    with claim("MISC-LIMIT-01", "a registered user is told the same"):
        expect(cloud.call("GET", "/limit", ann).json(), answer.json())
    cloud.configure({"files.max_bytes": 4096})
    with claim("MISC-LIMIT-01", "what is told of files is not what the mock stores"):
        observe(cloud.call("GET", "/limit", guest).json(), answer.json())


@behaviour("MISC-FLAVOR-01", "MISC-FLAVMAIL-01")
def test_there_is_one_flavor(cloud: Cloud) -> None:
    """The list of flavors has one with its URLs, and every e-mail address leads to it."""
    ann = cloud.user()
    answer = cloud.call("GET", "/flavor", ann)
    with claim("MISC-FLAVOR-01", "the list is bare, with one flavor", about=[answer]):
        expect(answer.json(), [{"flavorId": TEXT, "urls": {"apis": URL, "socket": URL}}])
    with claim("MISC-FLAVOR-01", "its apis are the origin of the REST API", about=[answer]):
        observe(answer.json()[0]["urls"]["apis"], cloud.origin)
    wanted = {"useGlobal": True, "flavorId": answer.json()[0]["flavorId"]}
    for name, email in (
        ("the own address", ann.username),
        ("an unknown address", "nobody@nowhere.example"),
        ("what is no address", "no-address"),
    ):
        with claim("MISC-FLAVMAIL-01", f"{name} leads to it"):
            observe(cloud.call("GET", f"/flavor/email/{email}", ann).json(), wanted)


@behaviour("MISC-CONFNUM-01")
def test_numbers_to_dial(cloud: Cloud) -> None:
    """Conference numbers come with a description each."""
    guest = cloud.guest()
    with claim("MISC-CONFNUM-01", "each number has a description"):
        data = cloud.call("GET", "/confnumbers", guest).json()["data"]
        expect({frozenset(one) for one in data}, {frozenset(("description", "number"))})


@pytest.mark.parametrize(
    ("path", "body", "shown"),
    [
        pytest.param(
            "/analytics/video/conference/start",
            {"vcid": "topic_x", "tags": ["user_y"]},
            "MISC-ANASTART-01",
            marks=behaviour("MISC-ANASTART-01"),
        ),
        pytest.param(
            "/analytics/video/conference/stop",
            {"vcid": "topic_x", "tags": ["user_y"], "duration": 1.5},
            "MISC-ANASTOP-01",
            marks=behaviour("MISC-ANASTOP-01"),
        ),
        pytest.param(
            "/spacedialin/gatherconferenceid", {"a": [1]}, "MISC-DIALGATHER-01", marks=behaviour("MISC-DIALGATHER-01")
        ),
        pytest.param(
            "/spacedialin/gatherconferenceid", [1], "MISC-DIALGATHER-01", marks=behaviour("MISC-DIALGATHER-01")
        ),
        pytest.param("/spacedialin/dialin", {"a": None}, "MISC-DIALIN-01", marks=behaviour("MISC-DIALIN-01")),
        pytest.param("/spacedialin/dialin", "x", "MISC-DIALIN-01", marks=behaviour("MISC-DIALIN-01")),
    ],
)
def test_some_calls_only_take_note(cloud: Cloud, path: str, body: Any, shown: str) -> None:
    """Statistics and dial-in calls are answered by an empty object, and need a credential and JSON."""
    guest = cloud.guest()
    with claim(shown, "the answer is an empty object"):
        answer = cloud.call("POST", path, guest, json=body)
        observe((answer.status_code, answer.json()), (200, {}))
    with claim(shown, "a credential is needed"):
        refused(cloud.call("POST", path, json=body), 401, "auth.credential_missing")
    with claim(shown, "a body that is no JSON is refused"):
        refused(cloud.call("POST", path, guest, content=b"{"), 400, "request.invalid")
    ann = cloud.user()
    with claim(shown, "a body that is no JSON is refused to a registered user too"):
        refused(cloud.call("POST", path, ann, content=b"{"), 400, "request.invalid")


@behaviour("MISC-HEALTH-01")
def test_health(cloud: Cloud) -> None:
    """The health check at the root of the origin answers a few bytes of text to everybody."""
    answer = cloud.http.get(f"{cloud.origin}/health", headers={"Authorization": "nonsense"})
    with claim("MISC-HEALTH-01", "everybody is answered", about=[answer]):
        expect(answer.status_code, 200)
    with claim("MISC-HEALTH-01", "the body is OK, as text", about=[answer]):
        observe((answer.text, answer.headers["content-type"]), ("OK", "text/plain; charset=utf-8"))
    with claim("MISC-HEALTH-01", "it is not below /api"):
        refused(cloud.call("GET", "/health"), 404, "route.not_found")


def room_app_token(cloud: Cloud, **members: Any) -> tuple[str, str, Any]:
    """Return a space, and a token of a room app in it with what its making told (the mock only)."""
    ann = cloud.user()
    space = cloud.space(ann)
    made = cloud.control("POST", "/tokens", {"username": ann.username, "kind": "sat", "space_id": space, **members})
    return space, made["token"], made


@behaviour("MISC-SAT-01", "ACC-SAT-01", "DM-TOK-05")
def test_what_a_space_access_token_stands_for(cloud: Cloud) -> None:
    """The token of a room app tells who authorised it, and for which app and space."""
    ann = cloud.user()
    name = displayname(cloud, ann)
    space, token, made = room_app_token(cloud)
    answer = cloud.call("GET", f"/apps/tokeninfo/sat/{token}")
    with claim("MISC-SAT-01", "no credential is needed", about=[answer]):
        expect(answer.status_code, 200)
    with claim("MISC-SAT-01", "DM-TOK-05", "it tells who authorised the app", about=[answer]):
        expect(set(answer.json()), {"authorizer", "app"})
        expect(answer.json()["authorizer"], {"type": "user", "_id": ann.id, "display": name})
    with claim("MISC-SAT-01", "DM-TOK-05", "it tells app, scope, space and expiry", about=[answer]):
        app = answer.json()["app"]
        wanted = {
            "_id": OBJECT_ID,
            "displayname": TEXT,
            "aType": TEXT,
            "picture_url": URL,
            "scope": app["scope"],
            "appId": made["client_id"],
            "appType": TEXT,
            "role": TEXT,
            "targetId": space,
            "targetType": TEXT,
            "expiry": ISO_TIME,
        }
        expect(app, wanted)
        expect(type(app["scope"]), list)
    with claim("ACC-SAT-01", "the token has 32 hex digits"):
        expect((len(token), set(token) <= set("0123456789abcdef")), (32, True))


@behaviour("MISC-SAT-02")
def test_tokens_of_other_kinds_are_not_found(cloud: Cloud) -> None:
    """Tokens that nobody issued, and those of people, are not found."""
    guest = cloud.guest()
    for name, path in (("an unknown token", f"sat/{'0' * 32}"), ("what is no token", "sat/x")):
        with claim("MISC-SAT-02", f"{name} is not found"):
            refused(cloud.call("GET", f"/apps/tokeninfo/{path}"), 404, "token.not_found")
    for kind in ("jwt", "sat"):
        with claim("MISC-SAT-02", f"the JWT of an anonymous user is not found as {kind}"):
            refused(cloud.call("GET", f"/apps/tokeninfo/{kind}/{guest.token}"), 404, "token.not_found")
    ann = cloud.user()
    with claim("MISC-SAT-02", "the access token of a user is not found"):
        refused(cloud.call("GET", f"/apps/tokeninfo/oauth/{ann.token}"), 404, "token.not_found")


@behaviour("MISC-SAT-02", "ACC-SAT-01")
def test_a_space_access_token_ends(cloud: Cloud) -> None:
    """A token under another kind, one that was changed and one past its 432000 seconds are not found."""
    cloud.freeze("2031-02-03T04:05:06Z")
    _space, token, _made = room_app_token(cloud)
    for path in ("jwt/{token}", "SAT/{token}", "sat/{token}0"):
        with claim("MISC-SAT-02", f"{path} is not found"):
            refused(cloud.call("GET", f"/apps/tokeninfo/{path.format(token=token)}"), 404, "token.not_found")
    cloud.advance(431_999)
    with claim("ACC-SAT-01", "it lives for 431999 s"):
        expect(cloud.call("GET", f"/apps/tokeninfo/sat/{token}").status_code, 200)
    cloud.advance(1)
    with claim("ACC-SAT-01", "MISC-SAT-02", "after 432000 s it is not found"):
        refused(cloud.call("GET", f"/apps/tokeninfo/sat/{token}"), 404, "token.not_found")


def discover(cloud: Cloud, who: Any, url: str, app: str, pin: str | None = None) -> httpx.Response:
    headers = {} if pin is None else {"spaces-x-space-password": pin}
    return cloud.call("POST", "/apps/spaces/discover", who, headers=headers, json={"spaceUrl": url, "appId": app})


@step("read the web origin")
def web_origin(cloud: Cloud) -> str:
    """Return the web origin that the target itself names."""
    url: str = cloud.call("GET", "/service-configurations").json()["spaces"]["marketing_url"]
    return url


@step("create a space with an invite")
def invited(cloud: Cloud, who: Any) -> tuple[str, str]:
    """Create a space, and return its id and that of its invite."""
    made = cloud.call("POST", "/spaces/invite", who, json={"topic": {"title": "Room"}}).json()["data"][0]
    return made["topicId"], made["_id"]


@behaviour("MISC-DISCOVER-01", "MISC-DISCOVER-02")
@pytest.mark.parametrize("kind", ["OAuth client", "service app"])
def test_a_link_and_an_app_are_recognised(cloud: Cloud, kind: str) -> None:
    """Every form of a link to a space, with an active OAuth client or service app, leads to its channel."""
    ann = cloud.user()
    web, (space, invite) = web_origin(cloud), invited(cloud, ann)
    app = cloud.app("spaces.create").key["iss"] if kind == "service app" else cloud.oauth_client()["client_id"]
    for link in ("invites/{invite}/join", "invites/{invite}/meet", "invites/{invite}/join?inviteInfo=x", "{space}"):
        url = f"{web}/spaces/{link.format(space=space, invite=invite)}"
        answer = discover(cloud, ann, url, app)
        with claim("MISC-DISCOVER-01", f"/spaces/{link} is a link", about=[answer]):
            expect(answer.status_code, 200)
            observe(answer.json()["isSpaceValidated"], wanted=True)
        with claim("MISC-DISCOVER-02", f"/spaces/{link} leads to the channel", about=[answer]):
            channel = {"_id": space, "type": "topic"}
            expect(answer.json(), {"isSpaceValidated": True, "isAppValidated": True, "channel": channel})


@behaviour("MISC-DISCOVER-03", "MISC-DISCOVER-01", "REST-OUT-01")
def test_what_is_unknown_makes_both_false(cloud: Cloud) -> None:
    """An unknown link, app or space, another origin and an inactive app are answered by two times false."""
    ann = cloud.user()
    web, (space, invite) = web_origin(cloud), invited(cloud, ann)
    good = f"{web}/spaces/{space}"
    with claim("MISC-DISCOVER-03", "an unknown app makes both false"):
        expect(discover(cloud, ann, good, "unknown").json(), NOTHING)
    app = cloud.app("spaces.create").key["iss"]
    with claim("MISC-DISCOVER-01", "a known link and app make both true"):
        found = discover(cloud, ann, good, app).json()
        expect((found["isSpaceValidated"], found["isAppValidated"]), (True, True))
    links = {
        "another origin": f"https://spaces.elsewhere.example/spaces/{space}",
        "an origin that only begins so": f"{web}.evil.example/spaces/{space}",
        "an unknown space": f"{web}/spaces/5f0000000000000000000e01",
        "an unknown invite": f"{web}/spaces/invites/5f0000000000000000000e01/join",
        "another word behind an invite": f"{web}/spaces/invites/{invite}/leave",
        "the older name of spaces": f"{web}/topics/{space}",
        "a word behind a space": f"{good}/join",
        "an id": space,
        "what is no URL": "http://[",
    }
    for name, link in links.items():
        ids = ("REST-OUT-01",) if name == "another origin" else ()
        with claim("MISC-DISCOVER-01", "MISC-DISCOVER-03", *ids, f"{name} makes both false"):
            answer = discover(cloud, ann, link, app)
            expect((answer.status_code, answer.json()), (200, NOTHING), link)
    cloud.control("PATCH", f"/service-apps/{app}", {"active": False})
    with claim("MISC-DISCOVER-01", "MISC-DISCOVER-03", "an inactive app makes both false"):
        expect(discover(cloud, ann, good, app).json(), NOTHING)


@behaviour("MISC-DISCOVER-01", "MISC-DISCOVER-03", "PERM-PIN-05")
def test_a_protected_space_is_discovered_with_its_pin(cloud: Cloud) -> None:
    """Whoever is not admin or member sends the PIN; without the right one both are false."""
    room = cloud.room(settings={"confPin": "4711"})
    link, app = f"{web_origin(cloud)}/spaces/{room.id}", cloud.app("spaces.create").key["iss"]
    for name, pin in (("without the PIN", None), ("with a wrong PIN", "1")):
        with claim("MISC-DISCOVER-03", "PERM-PIN-05", f"{name} a guest is answered false"):
            expect(discover(cloud, room.guest, link, app, pin).json(), NOTHING)
    with claim("MISC-DISCOVER-01", "PERM-PIN-05", "with the PIN a guest finds the space"):
        expect(discover(cloud, room.guest, link, app, "4711").json()["isSpaceValidated"], wanted=True)
    with claim("MISC-DISCOVER-01", "PERM-PIN-05", "a member needs no PIN"):
        expect(discover(cloud, room.member, link, app).json()["isSpaceValidated"], wanted=True)


@behaviour("MISC-DISCOVER-01")
@pytest.mark.parametrize(
    "body", [{}, {"spaceUrl": "x"}, {"appId": "x"}, {"spaceUrl": "", "appId": "x"}, {"spaceUrl": "x", "appId": ""}, []]
)
def test_a_link_and_an_app_are_required(cloud: Cloud, body: Any) -> None:
    """A body without link or app is bad input."""
    ann = cloud.user()
    with claim("MISC-DISCOVER-01", "it is refused"):
        refused(cloud.call("POST", "/apps/spaces/discover", ann, json=body), 400, "request.invalid")


@behaviour("MISC-INT-01")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/sync/users"),
        ("POST", "/auth/oauth/accesstokens/add"),
        ("POST", "/auth/oauth/accesstokens/delete"),
        ("POST", "/api/taskqueue/runner"),
        ("GET", "/spaces/pictures/5f0000000000000000000e01"),
    ],
)
def test_calls_between_servers_are_not_served(cloud: Cloud, method: str, path: str) -> None:
    """What only the vendor's own servers call is not found, even with a good credential."""
    for name, who in (("an anonymous user", cloud.guest), ("a registered user", cloud.user)):
        headers = {"Authorization": who().authorization}
        with claim("MISC-INT-01", f"it is not found for {name}"):
            observe(cloud.http.request(method, f"{cloud.origin}{path}", headers=headers).status_code, 404)


@behaviour("MISC-INT-02")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/messages/{message}/like"),
        ("POST", "/messages/{message}/likes"),
        ("POST", "/messages/{message}/viewed"),
        ("GET", "/version"),
        ("GET", "/legal"),
        ("GET", "/users/{user}"),
        ("GET", "/users/{user}/presence"),
        ("POST", "/spaces/{space}/archive"),
        ("POST", "/spaces/{space}/unarchive"),
        ("POST", "/webhooks"),
    ],
)
def test_what_no_source_shows_is_not_served(cloud: Cloud, method: str, path: str) -> None:
    """Likes, versions, other users by id, presence, archiving and webhooks have no path."""
    ann = cloud.user()
    space = cloud.space(ann)
    filled = path.format(message=cloud.message(space, ann)["_id"], user=ann.id, space=space)
    with claim("MISC-INT-02", "it is not found"):
        refused(cloud.call(method, filled, ann), 404, "route.not_found")


@behaviour("MISC-CALL-01", "DM-LIC-02")
@pytest.mark.parametrize("word", ["aura", "Aura", "AURA"])
def test_a_licensed_user_calls_phones(cloud: Cloud, word: str) -> None:
    """Whoever has a licence calls phones and is answered a record for each; others are refused, and nothing rings."""
    path = f"/spacescalling/{word}/call"
    body = {"callees": [{"address": "+4912345", "displayname": "Desk"}, {"address": "+4967890", "displayname": ""}]}
    ann, cleo = cloud.user(), cloud.user("cleo@example.com")
    with claim("MISC-CALL-01", "DM-LIC-02", "without a licence it is refused"):
        refused(cloud.call("POST", path, cleo, json=body), 403, "permission.denied")
        cloud.explains("no licence", path=f"/api{path}")
    with claim("MISC-CALL-01", "with a licence there is a record for each callee, in their order"):
        answer = cloud.call("POST", path, ann, json=body)
        observe(
            (answer.status_code, [one["address"] for one in answer.json()["data"]]), (200, ["+4912345", "+4967890"])
        )


@behaviour("MISC-CALL-01")
def test_a_call_to_phones_names_them(cloud: Cloud) -> None:
    """Nobody to call, a blank or missing address and another type of call are refused."""
    ann = cloud.user()
    bodies: list[dict[str, Any]] = [{}, {"callees": []}, {"callees": [{}]}, {"callees": [{"address": " "}]}]
    for body in (*bodies, {"callees": "+49"}):
        with claim("MISC-CALL-01", f"{body} is refused"):
            refused(cloud.call("POST", "/spacescalling/aura/call", ann, json=body), 400, "request.invalid")
    with claim("MISC-CALL-01", "another type of call is no path"):
        answer = cloud.call("POST", "/spacescalling/sip/call", ann, json={"callees": [{"address": "+49"}]})
        refused(answer, 404, "route.not_found")
