"""The last that is taken and the first that is not, of limits that other tests only cross."""

import re
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import Cloud, behaviour, only_mock, refused
from contract_tests.oauth import Browser, authorization, location, register
from contract_tests.sockets import Sockets


@behaviour("LIM-01", "MISC-LIMIT-01")
def test_the_limits_of_resources_are_told(cloud: Cloud) -> None:
    """The documented numbers of calls and seconds stand in the answer of GET /limit."""
    ann = cloud.user()
    with claim("LIM-01", "MISC-LIMIT-01", "calls and seconds of each resource are the documented ones"):
        found = cloud.call("GET", "/limit", ann).json()["resource"]
        numbers = {one["path"]: (one["rate_limit"], one["rate_interval"]) for one in found}
        wanted = {"/files/getuploadurl": (30, 60), "/spaces/:spaceId/invite": (10, 600), "*": (60, 60)}
        observe(numbers, wanted)


@pytest.fixture
def strict(cloud: Cloud) -> Cloud:
    """A world whose limits are enforced and whose clock stands still."""
    cloud.configure({"rest.enforce_limits": True})
    cloud.freeze()
    return cloud


@behaviour("LIM-01")
def test_spaces_are_marked_read_thirty_times_a_minute(strict: Cloud) -> None:
    """The thirty-first call within a minute is refused until the minute is over."""
    ann = strict.user()
    path = f"/users/me/spaces/{strict.space(ann)}/markread"
    with claim("LIM-01", "the thirty-first call within a minute is refused", allows=[429]):
        answers = [strict.call("POST", path, ann, json={}) for _ in range(31)]
        observe([answer.status_code for answer in answers], [200] * 30 + [429])
        observe(answers[-1].headers.get("retry-after"), "60")


@behaviour("LIM-01", "SPACES-INVITE-07")
def test_an_address_invites_at_most_180_times(strict: Cloud) -> None:
    """Eighteen users of one address may use up their ten invitations, a nineteenth has none left."""
    strict.control("PATCH", "/contract", {"limits": {"rest_calls": 1000}})
    body = {"invitees": [{"invitee": "pat@elsewhere.example"}]}
    people = [strict.user(f"user{number}@example.com") for number in range(19)]
    paths = [f"/spaces/{strict.space(who)}/invite" for who in people]
    calls = [(who, path) for who, path in zip(people, paths, strict=True) for _ in range(10)][:181]
    with claim("LIM-01", "SPACES-INVITE-07", "the 181st invitation of an address is refused", allows=[429]):
        codes = [strict.call("POST", path, who, json=body).status_code for who, path in calls]
        expect(codes, [200] * 180 + [429])


@behaviour("ACC-AUTHZ-07")
@pytest.mark.parametrize("length", [43, 128])
def test_the_shortest_and_the_longest_challenge(cloud: Cloud, length: int) -> None:
    """A challenge of 43 or 128 characters is well-formed."""
    query = authorization(register(cloud), code_challenge="x" * length, code_challenge_method="plain")
    browser = Browser(cloud)
    with claim("ACC-AUTHZ-07", "it leads to the login"):
        expect(urlsplit(location(browser.get("/oauth2/authorize", **query))).path, "/account/login/")


@behaviour("USERS-BULK-01")
def test_ten_operations_at_once(cloud: Cloud) -> None:
    """Ten operations are carried out, an eleventh makes the call a bad one."""
    bot, read = cloud.app("accounts.users.bulk.write"), {"action": "read", "email": "nobody-at-all@example.com"}
    with claim("USERS-BULK-01", "ten operations are carried out"):
        answer = cloud.call("POST", "/users/bulkupdate", bot, json=[read] * 10)
        expect((answer.status_code, len(answer.json()["data"])), (200, 10))
    with claim("USERS-BULK-01", "eleven are refused"):
        refused(cloud.call("POST", "/users/bulkupdate", bot, json=[read] * 11), 400, "request.invalid")


@behaviour("SPACES-INVITE-06")
def test_a_hundred_invitees(cloud: Cloud) -> None:
    """A hundred people are invited by one call, one more is too many."""
    only_mock(cloud, "a service is spared a hundred invitations")
    ann = cloud.user()
    path = f"/spaces/{cloud.space(ann)}/invite"
    crowd = [{"invitee": f"p{number}@elsewhere.example"} for number in range(101)]
    with claim("SPACES-INVITE-06", "a hundred people are invited by one call"):
        observe(cloud.call("POST", path, ann, json={"invitees": crowd[:100]}).status_code, 200)
    with claim("SPACES-INVITE-06", "a hundred and one are refused"):
        refused(cloud.call("POST", path, ann, json={"invitees": crowd}), 400, "request.invalid")


@behaviour("SPACES-UPDATE-03")
def test_the_room_for_settings_of_ones_own(cloud: Cloud) -> None:
    """Members that nobody documents may take 16 KiB of JSON together, and not one byte more."""
    ann = cloud.user()
    path, room = f"/spaces/{cloud.space(ann)}", 16 * 1024 - len('{"x":""}')
    with claim("SPACES-UPDATE-03", "one byte over 16 KiB of other members is refused"):
        refused(cloud.call("POST", path, ann, json={"settings": {"x": "y" * (room + 1)}}), 400, "request.invalid")
    with claim("SPACES-UPDATE-03", "16 KiB of other members are taken"):
        observe(cloud.call("POST", path, ann, json={"settings": {"x": "y" * room}}).status_code, 200)


@behaviour("USERS-MSGS-01", "USERS-MSGS-03")
def test_fifteen_spaces_in_a_list(cloud: Cloud) -> None:
    """Messages of fifteen spaces are listed together, of sixteen they are not."""
    ann = cloud.user()
    space = cloud.space(ann)
    for shown, many, status in (("USERS-MSGS-01", 15, 200), ("USERS-MSGS-03", 16, 400)):
        with claim(shown, f"{many} spaces: status {status}"):
            answer = cloud.call("GET", "/users/me/messages", ann, params={"spacelist": ",".join([space] * many)})
            expect(answer.status_code, status)


@behaviour("RT-EP-08")
def test_the_longest_frame(cloud: Cloud, sockets: Sockets) -> None:
    """A frame of 5 MiB is an event like any other, a longer one is none."""
    only_mock(cloud, "a service is spared frames of megabytes")
    chat = sockets.join(cloud.user())

    def answers(length: int) -> bool:
        start, end = '42/chat,7["NO_SUCH_EVENT","', '"]'
        chat.send(f"{start}{'x' * (length - len(start) - len(end))}{end}")
        return any(str(frame).startswith("43/chat,7") for frame in chat.frames())

    with claim("RT-EP-08", "a frame of 5 MiB is an event like any other, a longer one is none"):
        observe((answers(5 * 1024 * 1024), answers(5 * 1024 * 1024 + 1)), (True, False))


@behaviour("SPACES-DELETE-01", "SCOPE-TAB-02")
def test_a_service_app_deletes_as_admin(cloud: Cloud) -> None:
    """With its scope and as admin of the space an app deletes it, and no other's space."""
    app = cloud.app("spaces.create", "spaces.delete")
    space = cloud.space(app)
    with claim("SPACES-DELETE-01", "an app deletes the space that it has made"):
        expect(cloud.call("DELETE", f"/spaces/{space}", app).status_code, 200)
    other = cloud.open_space(cloud.user())
    with claim("SCOPE-TAB-02", "with the scope alone it deletes no space of another"):
        refused(cloud.call("DELETE", f"/spaces/{other}", app), 403, "permission.denied")


@behaviour("RT-MSG-05", "RT-SUB-06")
def test_who_has_not_subscribed_hears_nothing(cloud: Cloud, sockets: Sockets) -> None:
    """A message is told in its space only, and a refused subscription to its socket only."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space, other = cloud.space(ann), cloud.space(bob)
    within, outside = sockets.join(ann, space), sockets.join(bob, other)
    with claim("RT-MSG-05", "a message is told to who is in its space"):
        expect(within.message(space)[0], "MESSAGE_SENT")
    with claim("RT-SUB-06", "a failed subscription is told to its socket"):
        observe(within.subscribe("f" * 24)[0], "SUBSCRIBE_CHANNEL_FAILED")
    with claim("RT-MSG-05", "RT-SUB-06", "a socket in another space hears of neither"):
        observe(outside.heard(), [])


@step("announce a file")
def announced(cloud: Cloud) -> str:
    """Return the URL that a file of five bytes may be put to."""
    body: dict[str, Any] = {"files": [{"Content-Type": "image/png", "Content-Length": 5}]}
    url: str = cloud.call("POST", "/files/getuploadurl", cloud.user(), json=body).json()["data"][0]["url"]
    return url


def put(cloud: Cloud, url: str, data: bytes) -> httpx.Response:
    return cloud.http.put(url, content=data, headers={"Content-Type": "image/png"})


def code(answer: httpx.Response) -> str:
    found = re.search(r"<Code>(.*?)</Code>", answer.text)
    return found[1] if found else answer.text


@behaviour("STO-PUT-03", "STO-PUT-05")
def test_the_storage_has_codes_of_its_own(cloud: Cloud) -> None:
    """Another size and a URL without signature have each their code in XML, and so has a file too many."""
    sized, unsigned = announced(cloud), announced(cloud).partition("?")[0]
    with claim("STO-PUT-03", "another size is an invalid request"):
        observe(code(put(cloud, sized, b"other size")), "InvalidRequest")
    with claim("STO-PUT-03", "without signature the access is denied"):
        observe(code(put(cloud, unsigned, b"hello")), "AccessDenied")
    cloud.configure({"files.max_bytes": 8})
    first, second = announced(cloud), announced(cloud)
    with claim("STO-PUT-05", "a file within the room for all files is stored"):
        observe(put(cloud, first, b"hello").status_code, 200)
    with claim("STO-PUT-05", "a file over the room for all files is too large"):
        observe(code(put(cloud, second, b"hello")), "EntityTooLarge")
