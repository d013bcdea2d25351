from typing import Any

import httpx
import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ISO_TIME, OBJECT_ID, TEXT, URL, Cloud, behaviour, refused

NO_CLAIMS_YET = True


NOTHING = {"isSpaceValidated": False, "isAppValidated": False}


@behaviour("MISC-CONF-01", "REST-HOST-02", "ERR-ORDER-03")
def test_the_configuration_names_the_origins(cloud: Cloud) -> None:
    """Without any credential, or with a bad one, the origins of all surfaces are told, without a path."""
    answer = cloud.call("GET", "/service-configurations", headers={"Authorization": "nonsense"})
    expect(answer.status_code, 200)
    found = answer.json()
    expect(set(found), {"spaces", "store", "accounts"})
    expect({"server_url", "socketio_server_url"} <= set(found["spaces"]), wanted=True)
    urls = [*found["spaces"].values(), found["store"]["server_url"], found["accounts"]["server_url"]]
    observe([httpx.URL(url).path for url in urls], ["/"] * len(urls))
    observe(f"{found['spaces']['server_url']}/api", cloud.api)


@behaviour("MISC-LIMIT-01", "LIM-01")
def test_the_limits_are_told(cloud: Cloud) -> None:
    """Global limits have the documented keys and numbers, resource limits four members each."""
    found = cloud.call("GET", "/limit", cloud.user()).json()
    expect(found["global"]["rest_api"]["rate_limit"], 600)
    expect(found["global"]["rest_api"]["rate_interval"], 300)
    observe(found["global"]["rest_api"]["max_upload_file_size"], 102_400)
    observe(
        found["global"]["socketio"],
        {"max_connections": 10, "rate_limit": 200, "rate_interval": 60, "payload_size": 100},
    )
    expect(
        {frozenset(one) for one in found["resource"]}, {frozenset(("path", "method", "rate_limit", "rate_interval"))}
    )
    cloud.configure({"files.max_bytes": 4096})
    observe(cloud.call("GET", "/limit", cloud.guest()).json()["global"]["rest_api"]["max_upload_file_size"], 4)


@behaviour("MISC-FLAVOR-01", "MISC-FLAVMAIL-01")
def test_there_is_one_flavor(cloud: Cloud) -> None:
    """The list of flavors has one with its URLs, and every e-mail address leads to it."""
    ann = cloud.user()
    flavors = cloud.call("GET", "/flavor", ann).json()
    expect(flavors, [{"flavorId": TEXT, "urls": {"apis": URL, "socket": URL}}])
    observe(flavors[0]["urls"]["apis"], cloud.origin)
    for email in (ann.username, "nobody@nowhere.example", "no-address"):
        found = cloud.call("GET", f"/flavor/email/{email}", ann).json()
        observe(found, {"useGlobal": True, "flavorId": flavors[0]["flavorId"]})


@behaviour("MISC-CONFNUM-01")
def test_numbers_to_dial(cloud: Cloud) -> None:
    """Conference numbers come with a description each."""
    data = cloud.call("GET", "/confnumbers", cloud.guest()).json()["data"]
    expect({frozenset(one) for one in data}, {frozenset(("description", "number"))})


@behaviour("MISC-ANASTART-01", "MISC-ANASTOP-01", "MISC-DIALGATHER-01", "MISC-DIALIN-01")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/analytics/video/conference/start", {"vcid": "topic_x", "tags": ["user_y"]}),
        ("/analytics/video/conference/stop", {"vcid": "topic_x", "tags": ["user_y"], "duration": 1.5}),
        ("/spacedialin/gatherconferenceid", {"a": [1]}),
        ("/spacedialin/gatherconferenceid", [1]),
        ("/spacedialin/dialin", {"a": None}),
        ("/spacedialin/dialin", "x"),
    ],
)
def test_some_calls_only_take_note(cloud: Cloud, path: str, body: Any) -> None:
    """Statistics and dial-in calls are answered by an empty object, and need a credential and JSON."""
    answer = cloud.call("POST", path, cloud.guest(), json=body)
    observe((answer.status_code, answer.json()), (200, {}))
    refused(cloud.call("POST", path, json=body), 401, "auth.credential_missing")
    refused(cloud.call("POST", path, cloud.user(), content=b"{"), 400, "request.invalid")


@behaviour("MISC-HEALTH-01")
def test_health(cloud: Cloud) -> None:
    """The health check at the root of the origin answers a few bytes of text to everybody."""
    answer = cloud.http.get(f"{cloud.origin}/health", headers={"Authorization": "nonsense"})
    expect(answer.status_code, 200)
    observe((answer.text, answer.headers["content-type"]), ("OK", "text/plain; charset=utf-8"))
    refused(cloud.call("GET", "/health"), 404, "route.not_found")


def room_app_token(cloud: Cloud, **members: Any) -> tuple[str, str, Any]:
    ann = cloud.user()
    space = cloud.space(ann)
    made = cloud.control("POST", "/tokens", {"username": ann.username, "kind": "sat", "space_id": space, **members})
    return space, made["token"], made


@behaviour("MISC-SAT-01", "ACC-SAT-01", "DM-TOK-05")
def test_what_a_space_access_token_stands_for(cloud: Cloud) -> None:
    """The token of a room app tells who authorised it, and for which app and space."""
    ann = cloud.user()
    space, token, made = room_app_token(cloud)
    answer = cloud.call("GET", f"/apps/tokeninfo/sat/{token}")
    expect(answer.status_code, 200)
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
    expect(answer.json(), {"authorizer": {"type": "user", "_id": ann.id, "display": "Ann Example"}, "app": wanted})
    expect(type(app["scope"]), list)
    expect((len(token), set(token) <= set("0123456789abcdef")), (32, True))


@behaviour("MISC-SAT-02", "ACC-SAT-01")
def test_other_tokens_are_not_found(cloud: Cloud) -> None:
    """Another kind of token, an unknown one and one past its 432000 seconds are not found."""
    cloud.freeze("2031-02-03T04:05:06Z")
    _space, token, _made = room_app_token(cloud)
    for path in (f"jwt/{token}", f"SAT/{token}", "sat/x", f"sat/{token}0", f"oauth/{cloud.user().token}"):
        refused(cloud.call("GET", f"/apps/tokeninfo/{path}"), 404, "token.not_found")
    cloud.advance(431_999)
    expect(cloud.call("GET", f"/apps/tokeninfo/sat/{token}").status_code, 200)
    cloud.advance(1)
    refused(cloud.call("GET", f"/apps/tokeninfo/sat/{token}"), 404, "token.not_found")


def discover(cloud: Cloud, who: Any, url: str, app: str, pin: str | None = None) -> httpx.Response:
    headers = {} if pin is None else {"spaces-x-space-password": pin}
    return cloud.call("POST", "/apps/spaces/discover", who, headers=headers, json={"spaceUrl": url, "appId": app})


@behaviour("MISC-DISCOVER-01", "MISC-DISCOVER-02")
def test_a_link_and_an_app_are_recognised(cloud: Cloud) -> None:
    """Every form of a link to a space, with an active OAuth client or service app, leads to its channel."""
    ann = cloud.user()
    web = cloud.call("GET", "/service-configurations").json()["spaces"]["marketing_url"]
    made = cloud.call("POST", "/spaces/invite", ann, json={"topic": {"title": "Room"}}).json()["data"][0]
    client = cloud.control("POST", "/oauth-clients", {"name": "Room app"})["client_id"]
    invite = f"{web}/spaces/invites/{made['_id']}"
    links = (f"{invite}/join", f"{invite}/meet", f"{invite}/join?inviteInfo=x", f"{web}/spaces/{made['topicId']}")
    for app in (client, cloud.app().key["iss"]):
        for link in links:
            answer = discover(cloud, ann, link, app)
            expect(answer.status_code, 200)
            channel = {"_id": made["topicId"], "type": "topic"}
            expect(answer.json(), {"isSpaceValidated": True, "isAppValidated": True, "channel": channel})


@behaviour("MISC-DISCOVER-03", "MISC-DISCOVER-01", "REST-OUT-01")
def test_what_is_unknown_makes_both_false(cloud: Cloud) -> None:
    """An unknown link, app or space, another origin and an inactive app are answered by two times false."""
    ann = cloud.user()
    made = cloud.call("POST", "/spaces/invite", ann, json={"topic": {"title": "Room"}}).json()["data"][0]
    space, app = made["topicId"], cloud.app()
    web = cloud.call("GET", "/service-configurations").json()["spaces"]["marketing_url"]
    good = f"{web}/spaces/{space}"
    expect(discover(cloud, ann, good, app.key["iss"]).json()["isAppValidated"], wanted=True)
    links = (
        f"https://spaces.elsewhere.example/spaces/{space}",
        f"{web}.evil.example/spaces/{space}",
        f"{web}/spaces/5f0000000000000000000e01",
        f"{web}/spaces/invites/5f0000000000000000000e01/join",
        f"{web}/spaces/invites/{made['_id']}/leave",
        f"{web}/topics/{space}",
        f"{good}/join",
        space,
        "http://[",
    )
    for link in links:
        answer = discover(cloud, ann, link, app.key["iss"])
        expect((answer.status_code, answer.json()), (200, NOTHING), link)
    expect(discover(cloud, ann, good, "unknown").json(), NOTHING)
    cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"active": False})
    expect(discover(cloud, ann, good, app.key["iss"]).json(), NOTHING)


@behaviour("MISC-DISCOVER-01", "MISC-DISCOVER-03", "PERM-PIN-05")
def test_a_protected_space_is_discovered_with_its_pin(cloud: Cloud) -> None:
    """Whoever is not admin or member sends the PIN; without the right one both are false."""
    room = cloud.room(settings={"confPin": "4711"})
    web = cloud.call("GET", "/service-configurations").json()["spaces"]["marketing_url"]
    link, app = f"{web}/spaces/{room.id}", cloud.app().key["iss"]
    found = {pin: discover(cloud, room.guest, link, app, pin).json()["isSpaceValidated"] for pin in (None, "1", "4711")}
    expect(found, {None: False, "1": False, "4711": True})
    expect(discover(cloud, room.member, link, app).json()["isSpaceValidated"], wanted=True)


@behaviour("MISC-DISCOVER-01")
@pytest.mark.parametrize(
    "body", [{}, {"spaceUrl": "x"}, {"appId": "x"}, {"spaceUrl": "", "appId": "x"}, {"spaceUrl": "x", "appId": ""}, []]
)
def test_a_link_and_an_app_are_required(cloud: Cloud, body: Any) -> None:
    """A body without link or app is bad input."""
    refused(cloud.call("POST", "/apps/spaces/discover", cloud.user(), json=body), 400, "request.invalid")


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
    headers = {"Authorization": cloud.user().authorization}
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
    refused(cloud.call(method, filled, ann), 404, "route.not_found")
