"""Two of something, a second time and the exact edge, of what all calls share."""

from urllib.parse import parse_qsl, urlsplit

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, Person, behaviour, refused


@behaviour("LIM-02")
def test_a_limit_begins_anew_when_the_clock_goes_back(cloud: Cloud) -> None:
    """A window that begins in the future of the world's clock counts for nothing."""
    cloud.freeze("2031-02-03T04:05:06Z")
    ann = cloud.user()
    cloud.configure({"rest.enforce_limits": True})
    cloud.control("PATCH", "/contract", {"limits": {"resource_calls": 1}})
    cloud.call("GET", "/users/me", ann)
    with claim("LIM-02", "a second call is over the limit", allows=[429]):
        refused(cloud.call("GET", "/users/me", ann), 429, "rate.limited")
    cloud.advance(-0.001)
    with claim("LIM-02", "a millisecond earlier it is not"):
        observe(cloud.call("GET", "/users/me", ann).status_code, 200)


@behaviour("ACC-SAT-01")
def test_a_space_access_token_lives_to_its_last_millisecond(cloud: Cloud) -> None:
    """It is known to the last of its 432000 seconds, and then it has expired; another one goes on."""
    cloud.freeze("2031-02-03T04:05:06.000Z")
    ann = cloud.user()
    space = cloud.space(ann)

    def issued() -> Person:
        body = {"username": ann.username, "kind": "sat", "space_id": space}
        return Person("", "", f"sat {cloud.control('POST', '/tokens', body)['token']}")

    first = issued()
    cloud.freeze("2031-02-08T04:05:05.999Z")
    second = issued()
    with claim("ACC-SAT-01", "in its last millisecond it is a credential, if not of a kind for this call"):
        refused(cloud.call("GET", "/users/me", first), 403, "auth.kind_not_allowed")
    cloud.freeze("2031-02-08T04:05:06.000Z")
    with claim("ACC-SAT-01", "in the next it has expired"):
        refused(cloud.call("GET", "/users/me", first), 401, "auth.credential_expired")
    with claim("ACC-SAT-01", "a later one of the same person and space goes on"):
        refused(cloud.call("GET", "/users/me", second), 403, "auth.kind_not_allowed")


@behaviour("PAGE-T-01")
def test_a_token_belongs_to_its_list(cloud: Cloud) -> None:
    """The token of one list is refused by another list, and taken again and again by its own."""
    ann = cloud.user()
    spaces = [cloud.space(ann, title) for title in ("One", "Two", "Three")]
    for text in ("one", "two", "three"):
        cloud.message(spaces[0], ann, text)
    following = cloud.call("GET", "/users/me/spaces", ann, params={"size": "1"}).json()["nextPageUrl"]
    query = dict(parse_qsl(urlsplit(following).query))
    with claim("PAGE-T-01", "its own list gives the same page again"):
        pages = [cloud.call("GET", "/users/me/spaces", ann, params=query).json()["data"] for _ in range(2)]
        expect(pages[0], pages[1])
    with claim("PAGE-T-01", "another list refuses it"):
        answer = cloud.call("GET", "/users/me/messages", ann, params={**query, "spacelist": spaces[0]})
        refused(answer, 400, "request.invalid")


@behaviour("AUTH-USER-05")
def test_the_space_access_token_of_a_disabled_user_is_refused(cloud: Cloud) -> None:
    """What a user authorised dies with them, and lives again when they are enabled again."""
    ann = cloud.user()
    body = {"username": ann.username, "kind": "sat", "space_id": cloud.space(ann)}
    room_app = Person("", "", f"sat {cloud.control('POST', '/tokens', body)['token']}")
    for enabled, status, code in ((False, 401, "auth.credential_invalid"), (True, 403, "auth.kind_not_allowed")):
        cloud.control("PATCH", f"/users/{ann.username}", {"enabled": enabled})
        with claim("AUTH-USER-05", f"with enabled {enabled}: {code}"):
            refused(cloud.call("GET", "/users/me", room_app), status, code)


@behaviour("MISC-DISCOVER-01")
def test_an_inactive_app_is_not_discovered(cloud: Cloud) -> None:
    """Of two clients, and of two service apps, the active one is known."""
    ann = cloud.user()
    space = cloud.space(ann)
    web = cloud.call("GET", "/service-configurations").json()["spaces"]["marketing_url"]
    for kind, name in (("oauth-clients", "client_id"), ("service-apps", "iss")):
        for active in (True, False):
            company = {"scopes": "all", "company": "Example"} if name == "iss" else {}
            made = cloud.control("POST", f"/{kind}", {"active": active, **company})[name]
            body = {"spaceUrl": f"{web}/spaces/{space}", "appId": made}
            with claim("MISC-DISCOVER-01", f"of {kind} one with active {active}"):
                answer = cloud.call("POST", "/apps/spaces/discover", ann, json=body)
                observe(answer.json()["isAppValidated"], active)
