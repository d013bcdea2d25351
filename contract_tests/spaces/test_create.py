import base64
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ISO_TIME, OBJECT_ID, App, Cloud, Person, behaviour, only_mock, refused

NO_CLAIMS_YET = True


URL = re.compile(r"\w+://\S+")


def create(cloud: Cloud, who: Person | App, topic: Any = None, **members: Any) -> dict[str, Any]:
    body = {"topic": topic or {"title": "Room"}, **members}
    answer = cloud.call("POST", "/spaces/invite", who, json=body)
    expect(answer.status_code, 200, answer.text)
    found: dict[str, Any] = answer.json()
    return found


def shown(cloud: Cloud, who: Person | App, made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = cloud.call("GET", f"/spaces/{made['data'][0]['topicId']}", who).json()
    return found


def counts(cloud: Cloud) -> list[int]:
    found = cloud.control("GET", "")["counts"]
    return [found[name] for name in ("spaces", "invites", "outbox")]


@behaviour("SPACES-CREATE-01", "SPACES-CREATE-05", "DM-INV-01")
def test_the_answer_is_one_invite(cloud: Cloud) -> None:
    """A space without invitees is answered by one invite record that names the new space."""
    cloud.freeze("2031-02-03T04:05:06.789Z")
    user = cloud.user()
    made = create(cloud, user, {"title": "Room", "description": "Talk", "type": "group", "id": None}, invitees=[])
    invite = made["data"][0]
    expect((invite["_id"], invite["topicId"]), (OBJECT_ID, OBJECT_ID))
    assert invite["_id"] != invite["topicId"]
    wanted = {
        "data": [
            {
                "_id": invite["_id"],
                "topicId": invite["topicId"],
                "cid": user.id,
                "invitees": [],
                "informChannel": "server",
                "inviteMode": "join",
                "created": "2031-02-03T04:05:06.789Z",
            }
        ]
    }
    observe(made, wanted)
    found = shown(cloud, user, made)
    expect((found["title"], found["description"], found["type"]), ("Room", "Talk", "group"))


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
    answer = cloud.call("POST", "/spaces/invite", cloud.user(), json={"topic": topic})
    refused(answer, 400, "request.invalid")
    assert word in answer.json()["message"], answer.text


@behaviour("SPACES-CREATE-01")
@pytest.mark.parametrize("topic", [{"id": None}, {"id": ""}, {"type": "group"}, {"type": None}, {"description": ""}])
def test_defaults_may_be_spelt_out(cloud: Cloud, topic: dict[str, Any]) -> None:
    """What is the default anyway may be sent."""
    create(cloud, cloud.user(), {"title": "Room", **topic})


@behaviour("SPACES-CREATE-02", "DM-MEM-01")
def test_invitees_are_addresses_or_ids(cloud: Cloud) -> None:
    """The kind of an invitee is said in any letter case or guessed by the @, the role is member unless given."""
    user, bob, cleo = cloud.user(), cloud.user("bob@example.com"), cloud.user("cleo@example.com")
    invitees = [
        {"inviteeType": "EMAIL", "invitee": "new@else.example", "role": "guest"},
        {"inviteeType": "userID", "invitee": bob.id, "role": "admin"},
        {"invitee": cleo.id},
        {"invitee": "other@else.example"},
        {"invitee": "New@Else.Example", "role": "admin"},
    ]
    made = create(cloud, user, invitees=invitees)
    kinds = [(one["inviteeType"], one["invitee"], one["role"]) for one in made["data"][0]["invitees"]]
    expect(
        kinds,
        [
            ("email", "new@else.example", "guest"),
            ("userId", bob.id, "admin"),
            ("userId", cleo.id, "member"),
            ("email", "other@else.example", "member"),
        ],
    )
    roster = {entry["member"]: (entry["memberType"], entry["role"]) for entry in shown(cloud, user, made)["members"]}
    observe(
        roster,
        {
            user.id: ("userId", "admin"),
            "new@else.example": ("email", "guest"),
            bob.id: ("userId", "admin"),
            cleo.id: ("userId", "member"),
            "other@else.example": ("email", "member"),
        },
    )


@behaviour("SPACES-CREATE-02", "SPACES-CREATE-08")
def test_an_address_of_a_user_is_the_user(cloud: Cloud) -> None:
    """Who is invited by an address of his, in any letter case, is in the space by his id; the owner stays admin."""
    user, bob = cloud.user(), cloud.user("bob@example.com")
    invitees = [{"invitee": "Bob@Example.com"}, {"invitee": user.username, "role": "guest"}]
    made = create(cloud, user, invitees=invitees)
    roster = {entry["member"]: entry["role"] for entry in shown(cloud, user, made)["members"]}
    observe(roster, {user.id: "admin", bob.id: "member"})


@behaviour("SPACES-CREATE-03")
@pytest.mark.parametrize(("mode", "answered"), [("join", "join"), ("invite", "join"), ("meet", "meet"), (None, "join")])
@pytest.mark.parametrize("channel", ["server", "client", "outlook", None])
def test_channel_and_mode(cloud: Cloud, mode: str | None, answered: str, channel: str | None) -> None:
    """Every documented channel and mode is accepted and shown; invite means join."""
    given = {name: value for name, value in (("inviteMode", mode), ("informChannel", channel)) if value}
    invite = create(cloud, cloud.user(), **given)["data"][0]
    expect((invite["informChannel"], invite["inviteMode"]), (channel or "server", answered))


@behaviour("SPACES-CREATE-03")
def test_times_and_language_are_kept(cloud: Cloud) -> None:
    """Begin, end and language are shown as given; an unknown language is English."""
    times = {"startDateTime": "2031-02-03T04:05:06.789Z", "endDateTime": "2031-02-03T05:05:06.000Z"}
    invite = create(cloud, cloud.user(), **times, inviteContentLanguage="de-DE")["data"][0]
    expect({name: invite[name] for name in times}, times)
    expect(invite["inviteContentLanguage"], "de-DE")
    observe(create(cloud, cloud.user(), inviteContentLanguage="tlh")["data"][0]["inviteContentLanguage"], "en-US")
    expect(invite["created"], ISO_TIME)


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
    user, before = cloud.user(), counts(cloud)
    answer = cloud.call("POST", "/spaces/invite", user, json={"topic": {"title": "Room"}, **members})
    refused(answer, 400, "request.invalid")
    assert word in answer.json()["message"], answer.text
    observe(counts(cloud), before)


@behaviour("SPACES-CREATE-06", "SPACES-CREATE-07", "DM-INV-02")
@pytest.mark.parametrize("mode", ["join", "meet"])
@pytest.mark.parametrize("channel", ["client", "outlook"])
def test_the_content_has_the_link_once(cloud: Cloud, channel: str, mode: str) -> None:
    """Where the client informs people itself it gets a text with one URL, the join link, and HTML."""
    topic = {"title": 'Plans <b>&"x"</b> http://evil.example'}
    made = create(cloud, cloud.user(), topic, informChannel=channel, inviteMode=mode)
    invite, content = made["data"][0], made["inviteContent"]
    (link,) = URL.findall(content["text"])
    parts = urlsplit(link)
    expect(parts.path, f"{urlsplit(cloud.urls['web']).path}/spaces/invites/{invite['_id']}/{mode}")
    (info,) = parse_qs(parts.query)["inviteInfo"]
    observe(json.loads(base64.b64decode(info, validate=True)), {"inviteId": invite["_id"]})
    assert "<b>" not in content["html"]
    assert "&lt;b&gt;" in content["html"]


@behaviour("SPACES-CREATE-06", "SPACES-CREATE-09")
def test_the_server_informs_by_mail(cloud: Cloud) -> None:
    """With channel server there is no content in the answer and one e-mail per invitee in the outbox."""
    invitees = [{"invitee": "x@else.example"}, {"invitee": "bob@example.com"}]
    made = create(cloud, cloud.user(), invitees=invitees)
    observe(list(made), ["data"])
    mails = cloud.control("GET", "/outbox")["data"]
    observe([mail["to"] for mail in mails], ["x@else.example", "bob@example.com"])
    observe({mail["topicId"] for mail in mails}, {made["data"][0]["topicId"]})
    create(cloud, cloud.user(), invitees=invitees, informChannel="client")
    observe(len(cloud.control("GET", "/outbox")["data"]), 2)


@behaviour("SPACES-CREATE-11", "AUTH-SVC-15", "SPACES-CREATE-10")
def test_the_space_belongs_to_the_company_of_its_owner(cloud: Cloud) -> None:
    """A service app that was invited reaches the spaces of its own company's owners only."""
    only_mock(cloud, "the key file of an app does not tell the id of its account")
    for owner, status in (("ann@example.com", 200), ("rita@rival.example", 403), ("fred@freelance.example", 403)):
        app = cloud.app()
        for invitee in (app.account_id, app.key["sub"]):
            made = create(cloud, cloud.user(owner), invitees=[{"invitee": invitee, "role": "admin"}])
            answer = cloud.call("GET", f"/spaces/{made['data'][0]['topicId']}", app)
            observe(answer.status_code, status)
            if status == 403:
                refused(answer, 403, "permission.other_company")


@behaviour("SPACES-CREATE-10", "PERM-ROLE-01", "PERM-MAP-04")
def test_a_guest_can_own_nothing(cloud: Cloud) -> None:
    """An anonymous user may not create a space."""
    answer = cloud.call("POST", "/spaces/invite", cloud.guest(), json={"topic": {"title": "Room"}})
    refused(answer, 403, "permission.denied")
