import base64
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import ISO_TIME, OBJECT_ID, App, Cloud, Like, Person, behaviour, only_mock, refused

URL = re.compile(r"\w+://\S+")
LATER = "2031-02-03T04:05:06.789Z"


def send(cloud: Cloud, who: Person | App, topic: Any = None, **members: Any) -> httpx.Response:
    return cloud.call("POST", "/spaces/invite", who, json={"topic": topic or {"title": "Room"}, **members})


@step("create a space")
def create(cloud: Cloud, who: Person | App, topic: Any = None, **members: Any) -> dict[str, Any]:
    answer = send(cloud, who, topic, **members)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def shown(cloud: Cloud, who: Person | App, made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = cloud.call("GET", f"/spaces/{made['data'][0]['topicId']}", who).json()
    return found


@behaviour("SPACES-CREATE-01", "SPACES-CREATE-05", "DM-INV-01")
def test_the_answer_is_one_invite(cloud: Cloud) -> None:
    """A space without invitees is answered by one invite record that names the new space."""
    user = cloud.user()
    topic = {"title": "Room", "description": "Talk", "type": "group", "id": None}
    answer = send(cloud, user, topic, invitees=[])
    with claim("SPACES-CREATE-01", "SPACES-CREATE-05", "a topic with all members is accepted", about=[answer]):
        expect(answer.status_code, 200)
    made = answer.json()
    with claim("SPACES-CREATE-05", "one record names invite and new space", about=[answer]):
        [invite] = made["data"]
        expect((invite["_id"], invite["topicId"]), (OBJECT_ID, OBJECT_ID))
        assert invite["_id"] != invite["topicId"]
    with claim("DM-INV-01", "it has the documented members and no others", about=[answer]):
        [invite] = made["data"]
        wanted = {
            "_id": invite["_id"],
            "topicId": invite["topicId"],
            "cid": user.id,
            "invitees": [],
            "informChannel": "server",
            "inviteMode": "join",
            "created": ISO_TIME,
        }
        observe(invite, wanted)
    with claim("SPACES-CREATE-05", "without content there is nothing beside data", about=[answer]):
        observe(list(made), ["data"])
    with claim("SPACES-CREATE-01", "the space has title, description and type as sent"):
        found = shown(cloud, user, made)
        expect((found["title"], found["description"], found["type"]), ("Room", "Talk", "group"))
    cloud.freeze(LATER)
    user = cloud.user()
    with claim("DM-INV-01", "it was created now"):
        observe(send(cloud, user).json()["data"][0]["created"], LATER)


@behaviour("SPACES-CREATE-01")
@pytest.mark.parametrize(
    ("topic", "word"),
    [
        ({"title": ""}, "topic.title"),
        ({"title": " \t\u00a0"}, "topic.title"),
        ({"title": "x", "type": "direct"}, "topic.type"),
        ({"title": "x", "type": "personal"}, "topic.type"),
        ({"title": "x", "type": ""}, "topic.type"),
        ({"title": "x", "id": "f" * 24}, "topic.id"),
        ({"title": "x", "id": 7}, "topic.id"),
    ],
)
def test_a_bad_topic_is_named(cloud: Cloud, topic: dict[str, Any], word: str) -> None:
    """A blank title, another type and a given id are refused."""
    user = cloud.user()
    with claim("SPACES-CREATE-01", "it is refused"):
        answer = cloud.call("POST", "/spaces/invite", user, json={"topic": topic})
        refused(answer, 400, "request.invalid")
        named(cloud, word, answer)


def named(cloud: Cloud, word: str, answer: httpx.Response) -> None:
    """Assert that our own mock names the member that is wrong: no document says so."""
    if cloud.mock:
        assert word in answer.json()["message"], answer.text


@behaviour("SPACES-CREATE-01")
@pytest.mark.parametrize("topic", [{"id": None}, {"id": ""}, {"type": "group"}, {"type": None}, {"description": ""}])
def test_defaults_may_be_spelt_out(cloud: Cloud, topic: dict[str, Any]) -> None:
    """What is the default anyway may be sent."""
    user = cloud.user()
    with claim("SPACES-CREATE-01", "it is accepted"):
        answer = send(cloud, user, {"title": "Room", **topic})
        expect(answer.status_code, 200, answer.text)


def kinds(made: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return type, name and role of each invitee of a new invite."""
    return [(one["inviteeType"], one["invitee"], one["role"]) for one in made["data"][0]["invitees"]]


@behaviour("SPACES-CREATE-02", "DM-MEM-01")
def test_invitees_are_addresses_or_ids(cloud: Cloud) -> None:
    """The kind of an invitee is said in any letter case or guessed by the @, the role is member unless given."""
    user = cloud.user()
    addresses: list[dict[str, str]] = [
        {"inviteeType": "EMAIL", "invitee": "new@else.example", "role": "guest"},
        {"invitee": "other@else.example"},
        {"invitee": "New@Else.Example", "role": "admin"},
    ]
    kept = kinds(create(cloud, user, invitees=addresses))
    with claim("SPACES-CREATE-02", "the type email in any letter case is answered in its one spelling"):
        expect(kept[:1], [("email", "new@else.example", "guest")])
    with claim("SPACES-CREATE-02", "without a type an @ makes an e-mail; the role is member"):
        expect(kept[1:2], [("email", "other@else.example", "member")])
    with claim("SPACES-CREATE-02", "an address in another letter case is no further invitee"):
        expect(kept[2:], [])
    bob, mia = cloud.user("bob@example.com"), cloud.user("mia@example.com")
    ids = [{"inviteeType": "userID", "invitee": bob.id, "role": "admin"}, {"invitee": mia.id}]
    made = create(cloud, user, invitees=[*addresses[:1], *ids, *addresses[1:]])
    with claim("SPACES-CREATE-02", "the type userId in any letter case is answered in its one spelling"):
        expect(kinds(made)[1], ("userId", bob.id, "admin"))
    with claim("SPACES-CREATE-02", "without a type and an @ it is an id; the role is member"):
        expect(kinds(made)[2], ("userId", mia.id, "member"))
    with claim("SPACES-CREATE-02", "all are kept in their order, each once"):
        expect([one for _kind, one, _role in kinds(made)], ["new@else.example", bob.id, mia.id, "other@else.example"])
    with claim("DM-MEM-01", "SPACES-CREATE-02", "the roster has the owner and everybody with type and role"):
        members = shown(cloud, user, made)["members"]
        wanted = {
            user.id: ("userId", "admin"),
            "new@else.example": ("email", "guest"),
            bob.id: ("userId", "admin"),
            mia.id: ("userId", "member"),
            "other@else.example": ("email", "member"),
        }
        observe({entry["member"]: (entry["memberType"], entry["role"]) for entry in members}, wanted)


@behaviour("SPACES-CREATE-02", "SPACES-CREATE-08")
def test_an_address_of_a_user_is_the_user(cloud: Cloud) -> None:
    """Whoever is invited by their address, in any letter case, is in the space by their id; the owner stays admin."""
    user, bob = cloud.user(), cloud.user("bob@example.com")
    invitees = [{"invitee": bob.username.title()}, {"invitee": user.username, "role": "guest"}]
    made = create(cloud, user, invitees=invitees)
    roster = {entry["member"]: entry["role"] for entry in shown(cloud, user, made)["members"]}
    with claim("SPACES-CREATE-02", "an address of a user leads to the user, in any letter case"):
        observe(roster.get(bob.id), "member")
    with claim("SPACES-CREATE-08", "the caller is admin, even if they invite themselves as guest"):
        observe(roster, {user.id: "admin", bob.id: "member"})


@behaviour("SPACES-CREATE-03")
@pytest.mark.parametrize(("mode", "answered"), [("join", "join"), ("invite", "join"), ("meet", "meet"), (None, "join")])
@pytest.mark.parametrize("channel", ["server", "client", "outlook", None])
def test_channel_and_mode(cloud: Cloud, mode: str | None, answered: str, channel: str | None) -> None:
    """Every documented channel and mode is accepted and shown; invite means join."""
    given = {name: value for name, value in (("inviteMode", mode), ("informChannel", channel)) if value}
    answer = send(cloud, cloud.user(), **given)
    with claim("SPACES-CREATE-03", "the channel is accepted and shown", about=[answer]):
        expect(answer.json()["data"][0]["informChannel"], channel or "server")
    with claim("SPACES-CREATE-03", "the mode is accepted and shown", about=[answer]):
        (observe if mode == "invite" else expect)(answer.json()["data"][0]["inviteMode"], answered)


@behaviour("SPACES-CREATE-03")
def test_times_and_language_are_kept(cloud: Cloud) -> None:
    """Begin, end and language are shown as given; an unknown language is English."""
    user = cloud.user()
    times = {"startDateTime": LATER, "endDateTime": "2031-02-03T05:05:06.000Z"}
    answer = send(cloud, user, **times, inviteContentLanguage="de-DE")
    with claim("SPACES-CREATE-03", "begin and end are shown as given", about=[answer]):
        invite = answer.json()["data"][0]
        expect({name: invite[name] for name in times}, times)
    with claim("SPACES-CREATE-03", "the language is shown as given", about=[answer]):
        expect(answer.json()["data"][0]["inviteContentLanguage"], "de-DE")
    with claim("SPACES-CREATE-03", "created is a time beside them", about=[answer]):
        expect(answer.json()["data"][0]["created"], ISO_TIME)
    with claim("SPACES-CREATE-03", "an unknown language is en-US"):
        observe(send(cloud, user, inviteContentLanguage="tlh").json()["data"][0]["inviteContentLanguage"], "en-US")


@behaviour("SPACES-CREATE-10")
@pytest.mark.parametrize(
    ("members", "word"),
    [
        ({"informChannel": "pigeon"}, "informChannel"),
        ({"inviteMode": "dance"}, "inviteMode"),
        ({"startDateTime": "soon"}, "startDateTime"),
        ({"startDateTime": "2031-02-03T05:00:00Z", "endDateTime": "2031-02-03T04:00:00Z"}, "endDateTime"),
        ({"invitees": [{"inviteeType": "email", "invitee": "x"}]}, "invitees[0]"),
        ({"invitees": [{"inviteeType": "phone", "invitee": "x"}]}, "invitees[0].inviteeType"),
        ({"invitees": [{"invitee": "x@example.com", "role": "owner"}]}, "invitees[0].role"),
        ({"invitees": [{"invitee": f"u{number}@x.example"} for number in range(101)]}, "invitees"),
    ],
)
def test_a_bad_invitation_makes_no_space(cloud: Cloud, members: dict[str, Any], word: str) -> None:
    """A wrong word, time or address is refused and named, and nothing is left of the attempt."""
    user = cloud.user()
    with claim("SPACES-CREATE-10", "it is refused, and nothing is made"):
        with cloud.unchanged():
            answer = send(cloud, user, **members)
        refused(answer, 400, "request.invalid")
        named(cloud, word, answer)


@behaviour("SPACES-CREATE-06", "SPACES-CREATE-07", "DM-INV-02")
@pytest.mark.parametrize("mode", ["join", "meet"])
@pytest.mark.parametrize("channel", ["client", "outlook"])
def test_the_content_has_the_link_once(cloud: Cloud, channel: str, mode: str) -> None:
    """Where the client informs people itself it gets a text with one URL, the join link, and HTML."""
    topic = {"title": 'Plans <b>&"x"</b> http://evil.example'}
    ann = cloud.user()
    inviter = cloud.call("GET", "/users/me", ann).json()
    answer = send(cloud, ann, topic, informChannel=channel, inviteMode=mode)

    def link() -> str:
        (found,) = URL.findall(answer.json()["inviteContent"]["text"])
        return str(found)

    with claim("SPACES-CREATE-06", "the text has one URL, the join link", about=[answer]):
        assert f"/spaces/invites/{answer.json()['data'][0]['_id']}/{mode}" in link()
    with claim("SPACES-CREATE-06", "in the HTML the title is escaped", about=[answer]):
        html = answer.json()["inviteContent"]["html"]
        assert "<b>" not in html
        assert "&lt;b&gt;" in html
    with claim("DM-INV-02", "inviteInfo is base64 JSON with space and inviter, in this order", about=[answer]):
        (info,) = parse_qs(urlsplit(link()).query)["inviteInfo"]
        named = json.loads(base64.b64decode(info, validate=True))
        expect(list(named), ["spaceName", "inviterName", "inviterEmail"])
        expect(list(named.values()), [topic["title"], inviter["displayname"], inviter["username"]])
    web = urlsplit(cloud.urls["web"])
    with claim("SPACES-CREATE-07", "the link is below the URL of the web pages, the mode before its query"):
        expect(urlsplit(link()).path, f"{web.path}/spaces/invites/{answer.json()['data'][0]['_id']}/{mode}")


@behaviour("SPACES-CREATE-07", "DM-INV-02")
def test_a_link_carries_a_password_where_the_space_allows_it(cloud: Cloud) -> None:
    """With allowPasswordInURL the link of a space with a PIN has pwd before inviteInfo, never the PIN itself."""
    ann = cloud.user()

    def query(*, pin: str, allowed: bool) -> dict[str, list[str]]:
        space = cloud.open_space(ann, settings={"confPin": pin, "allowPasswordInURL": allowed})
        body = {"invitees": [{"invitee": "x@else.example"}], "informChannel": "client"}
        answer = cloud.call("POST", f"/spaces/{space}/invite", ann, json=body)
        (link,) = URL.findall(answer.json()["inviteContent"]["text"])
        return parse_qs(urlsplit(str(link)).query)

    with claim("SPACES-CREATE-07", "DM-INV-02", "pwd has 32 hex digits and comes before inviteInfo"):
        found = query(pin="4711", allowed=True)
        expect(list(found), ["pwd", "inviteInfo"])
        expect(found["pwd"], [Like("32 hex digits", r"[0-9a-f]{32}")])
    with claim("SPACES-CREATE-07", "there is none where the space does not allow it, or has no PIN"):
        observe(list(query(pin="4711", allowed=False)), ["inviteInfo"])
        observe(list(query(pin="", allowed=True)), ["inviteInfo"])


@behaviour("SPACES-CREATE-06", "SPACES-CREATE-09")
def test_the_server_informs_by_mail(cloud: Cloud) -> None:
    """With channel server there is no content in the answer and one e-mail per invitee in the outbox."""
    user, bob = cloud.user(), cloud.user("bob@example.com")
    addresses = ["x@else.example", bob.username]
    invitees = [{"invitee": one} for one in addresses]
    made = create(cloud, user, invitees=invitees)
    with claim("SPACES-CREATE-06", "there is no content in the answer"):
        observe(list(made), ["data"])
    mails = cloud.control("GET", "/outbox")["data"]
    with claim("SPACES-CREATE-09", "each invitee gets an e-mail about the space"):
        observe([mail["to"] for mail in mails], addresses)
        observe({mail["topicId"] for mail in mails}, {made["data"][0]["topicId"]})
    create(cloud, user, invitees=invitees, informChannel="client")
    with claim("SPACES-CREATE-09", "with another channel nobody gets one"):
        observe(len(cloud.control("GET", "/outbox")["data"]), 2)


@behaviour("SPACES-CREATE-11", "AUTH-SVC-15", "SPACES-CREATE-10")
def test_the_space_belongs_to_the_company_of_its_owner(cloud: Cloud) -> None:
    """A service app that was invited reaches the spaces of its own company's owners only."""
    app = cloud.app("spaces.settings.read")
    ann, sub = cloud.user(), app.key["sub"]

    def invited(owner: Person, invitee: str) -> httpx.Response:
        made = create(cloud, owner, invitees=[{"invitee": invitee, "role": "admin"}])
        return cloud.call("GET", f"/spaces/{made['data'][0]['topicId']}", app)

    with claim("SPACES-CREATE-10", "SPACES-CREATE-11", "an app is invited by its sub into a space of its company"):
        observe(invited(ann, sub).status_code, 200)
    for whose, owner in (("another company", "rita@rival.example"), ("no company", "sid@elsewhere.example")):
        person = cloud.user(owner)
        with claim("SPACES-CREATE-11", "AUTH-SVC-15", f"by its sub, into a space of {whose}: it is refused"):
            refused(invited(person, sub), 403, "permission.other_company")
    only_mock(cloud, "the key file of an app does not tell the id of its account")
    for owner, status in (("ann@example.com", 200), ("rita@rival.example", 403), ("fred@freelance.example", 403)):
        with claim("SPACES-CREATE-10", "SPACES-CREATE-11", f"by its id, into a space of {owner}: {status}"):
            answer = invited(cloud.user(owner), app.account_id)
            observe(answer.status_code, status)
            if status == 403:
                refused(answer, 403, "permission.other_company")


@behaviour("SPACES-CREATE-10", "PERM-ROLE-01", "PERM-MAP-04")
def test_a_guest_can_own_nothing(cloud: Cloud) -> None:
    """An anonymous user may not create a space."""
    gil = cloud.guest()
    with claim("SPACES-CREATE-10", "PERM-ROLE-01", "PERM-MAP-04", "an anonymous caller is refused"):
        answer = cloud.call("POST", "/spaces/invite", gil, json={"topic": {"title": "Room"}})
        refused(answer, 403, "permission.denied")
