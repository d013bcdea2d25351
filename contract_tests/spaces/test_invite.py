from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import (
    ISO_TIME,
    OBJECT_ID,
    TEXT,
    App,
    Cloud,
    Like,
    Person,
    Room,
    behaviour,
    only_mock,
    refused,
    roles_in,
)
from contract_tests.sockets import Sockets, direct_space

LINK = Like("join link", r"https?://\S+/spaces/invites/[0-9a-f]{24}/join\?inviteInfo=[A-Za-z0-9%]+")
PIN = "spaces-x-space-password"


@pytest.fixture
def room(cloud: Cloud) -> Room:
    """An open space with somebody of every role."""
    return cloud.room()


@pytest.fixture
def ann(cloud: Cloud) -> Person:
    """An admin of her own spaces."""
    return cloud.user()


def invite(cloud: Cloud, space: str, who: Person | App, *people: Any, **body: Any) -> httpx.Response:
    invitees = [{"invitee": one} if isinstance(one, str) else one for one in people]
    return cloud.call("POST", f"/spaces/{space}/invite", who, json={"invitees": invitees, **body})


@step("invite people")
def invited(cloud: Cloud, space: str, who: Person | App, *people: Any, **body: Any) -> dict[str, Any]:
    answer = invite(cloud, space, who, *people, **body)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()["data"][0]
    return made


def enter(cloud: Cloud, made: dict[str, Any], who: Person, pin: str | None = None) -> httpx.Response:
    headers = {} if pin is None else {PIN: pin}
    return cloud.call("GET", f"/spaces/invites/{made['_id']}/join", who, headers=headers)


def role_by(answer: httpx.Response) -> Any:
    """Return the role that an answer to a join shows."""
    return answer.json()["topic"]["role"]


# --- inviting


@behaviour("SPACES-INVITE-01", "SPACES-INVITE-02", "DM-INV-01")
def test_an_invitation_is_one_record(cloud: Cloud, ann: Person) -> None:
    """All invitees are in one record with the space's id, and the client gets text and link to send them."""
    space, bob = cloud.open_space(ann), cloud.user("bob@example.com")
    people = ({"invitee": "pat@new.example", "role": "admin"}, bob.id)
    body = {"informChannel": "client", "inviteContentLanguage": "xx", "startDateTime": "2031-01-01T00:00:00Z"}
    answer = invite(cloud, space, ann, *people, **body)
    with claim("SPACES-INVITE-02", "the answer is one record with the id of the space", about=[answer]):
        expect(answer.status_code, 200)
        expect([one["topicId"] for one in answer.json()["data"]], [space])
    with claim("SPACES-INVITE-01", "invitees, times, channel and language are taken as on creating", about=[answer]):
        made = answer.json()["data"][0]
        wanted = [
            {"inviteeType": "email", "invitee": "pat@new.example", "role": "admin"},
            {"inviteeType": "userId", "invitee": bob.id, "role": "member"},
        ]
        observe(made["invitees"], wanted)
        observe((made["informChannel"], made["inviteMode"]), ("client", "join"))
        observe((made["startDateTime"], made["inviteContentLanguage"]), ("2031-01-01T00:00:00.000Z", "en-US"))
    with claim("DM-INV-01", "it has the documented members and no others", about=[answer]):
        made = answer.json()["data"][0]
        observe((made["_id"], made["cid"], made["created"]), (OBJECT_ID, ann.id, ISO_TIME))
        named = {"_id", "topicId", "cid", "invitees", "informChannel", "inviteMode", "created"}
        observe(set(made), named | {"startDateTime", "inviteContentLanguage"})
    with claim("SPACES-INVITE-02", "text and HTML are beside it, and nothing else", about=[answer]):
        observe(set(answer.json()), {"data", "inviteContent"})
        observe(answer.json()["inviteContent"], {"text": TEXT, "html": TEXT})
    with claim("SPACES-INVITE-02", "the text ends with the join link", about=[answer]):
        expect(answer.json()["inviteContent"]["text"].split()[-1], LINK)


@behaviour("SPACES-INVITE-03", "PERM-MAP-02")
def test_who_may_invite_whom(cloud: Cloud, room: Room) -> None:
    """Admins and members invite, only admins make admins, and guests invite nobody."""
    admin = {"invitee": "pat@new.example", "role": "admin"}
    with claim("SPACES-INVITE-03", "PERM-MAP-02", "a member may invite"):
        expect(invite(cloud, room.id, room.member, "a@new.example").status_code, 200)
    with claim("SPACES-INVITE-03", "PERM-MAP-02", "an admin may invite an admin"):
        expect(invite(cloud, room.id, room.admin, admin).status_code, 200)
    with claim("SPACES-INVITE-03", "a member may not invite an admin"):
        refused(invite(cloud, room.id, room.member, admin), 403, "permission.denied")
    for name, guest in (("a registered", room.guest), ("an anonymous", room.anonymous)):
        with claim("SPACES-INVITE-03", "PERM-MAP-02", f"{name} guest may invite nobody"):
            refused(invite(cloud, room.id, guest, "b@new.example"), 403, "permission.denied")


@behaviour("SPACES-INVITE-04", "DM-MEM-01")
def test_invitees_enter_the_roster_at_once(cloud: Cloud, ann: Person) -> None:
    """Known people are entered as users by their address, unknown addresses as such without join time."""
    bob, space = cloud.user("bob@example.com"), cloud.space(ann)
    invited(cloud, space, ann, bob.username.upper(), {"invitee": "Pat@New.example", "role": "guest"})
    shown = {one["member"]: one for one in cloud.call("GET", f"/spaces/{space}/members", ann).json()["data"]}
    with claim("SPACES-INVITE-04", "a known user is entered by their id, with a join time"):
        known = shown[bob.id]
        observe((known["member"], known["memberType"], known["joinTime"]), (bob.id, "userId", ISO_TIME))
    with claim("SPACES-INVITE-04", "an unknown address is entered as such, without join time"):
        unknown = shown["pat@new.example"]
        observe((unknown["member"], unknown["memberType"], unknown["joinTime"]), ("pat@new.example", "email", ""))
    with claim("DM-MEM-01", "an address is its own user name and display name"):
        unknown = shown["pat@new.example"]
        observe((unknown["username"], unknown["displayname"], unknown["role"]), ("pat@new.example",) * 2 + ("guest",))
    invited(cloud, space, ann, {"invitee": ann.id, "role": "guest"}, {"invitee": bob.username, "role": "admin"})
    with claim("SPACES-INVITE-04", "existing participants keep their role"):
        observe(roles_in(cloud, space, ann), {ann.id: "admin", bob.id: "member", "pat@new.example": "guest"})


@behaviour("SPACES-INVITE-04")
def test_any_address_of_a_user_leads_to_them(cloud: Cloud, ann: Person) -> None:
    """A further address of a known user is no unknown one."""
    bob, space = cloud.user("bob@new.example", other_emails=["bobby@new.example"]), cloud.space(ann)
    invited(cloud, space, ann, "BOBBY@new.example")
    shown = {one["member"]: one for one in cloud.call("GET", f"/spaces/{space}/members", ann).json()["data"]}
    with claim("SPACES-INVITE-04", "a further address of a known user is the user"):
        known = shown[bob.id]
        observe((known["member"], known["memberType"], known["joinTime"]), (bob.id, "userId", ISO_TIME))


@behaviour("SPACES-INVITE-05")
@pytest.mark.parametrize("way", ["control", "bulk"])
def test_who_registers_later_takes_their_entry_over(cloud: Cloud, ann: Person, way: str) -> None:
    """A person who registers with an invited address finds themselves in the spaces, with the highest invited role."""
    only_mock(cloud, "people who do not exist yet")
    space, other = cloud.space(ann), cloud.space(ann, "Other")
    invited(cloud, space, ann, {"invitee": "late@example.com", "role": "admin"})
    invited(cloud, other, ann, {"invitee": "late@example.com", "role": "guest"})
    if way == "bulk":
        operation = {"action": "create", "email": "Late@example.com", "password": "secret"}
        made = cloud.call("POST", "/users/bulkupdate", cloud.app("accounts.users.bulk.write"), json=[operation])
        assert made.json()["data"][0]["success"], made.text
    late = cloud.user("late@example.com")
    with claim("SPACES-INVITE-05", "the entry of the address is now that of the user"):
        observe(roles_in(cloud, space, ann), {ann.id: "admin", late.id: "admin"})
    with claim("SPACES-INVITE-05", "the user finds the spaces in their list, with the role of each"):
        listed = {item["_id"]: item["role"] for item in cloud.call("GET", "/users/me/spaces", late).json()["data"]}
        observe(listed, {space: "admin", other: "guest"})


@behaviour("SPACES-INVITE-06", "SPACES-CREATE-10")
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"invitees": []},
        {"invitees": [{}]},
        {"invitees": [{"invitee": "no-mail", "inviteeType": "email"}]},
        {"invitees": [{"invitee": "a@b@c"}]},
        {"invitees": [{"invitee": "a b@c"}]},
        {"invitees": [{"invitee": "a@b.c", "inviteeType": "phone"}]},
        {"invitees": [{"invitee": "a@b.c", "role": "owner"}]},
        {"invitees": [{"invitee": f"p{number}@b.c"} for number in range(101)]},
        {"invitees": [{"invitee": "a@b.c"}], "informChannel": "pigeon"},
        {"invitees": [{"invitee": "a@b.c"}], "inviteMode": "walk"},
        {"invitees": [{"invitee": "a@b.c"}], "startDateTime": "soon"},
        {"invitees": [{"invitee": "a@b.c"}], "startDateTime": "2031-01-02T00:00Z", "endDateTime": "2031-01-01T00:00Z"},
    ],
    ids=lambda body: str(body)[:60],
)
def test_a_bad_invitation_invites_nobody(cloud: Cloud, ann: Person, body: Any) -> None:
    """What cannot be understood is refused as a whole."""
    space = cloud.open_space(ann)
    with claim("SPACES-INVITE-06", "SPACES-CREATE-10", "it is refused"):
        refused(cloud.call("POST", f"/spaces/{space}/invite", ann, json=body), 400, "request.invalid")
    with claim("SPACES-INVITE-06", "nobody is invited"):
        observe(roles_in(cloud, space, ann), {ann.id: "admin"})


@behaviour("SPACES-INVITE-06", "SPACES-INVITE-01")
def test_invitees_are_required(cloud: Cloud, ann: Person) -> None:
    """An invitation without invitees, or with none, is refused."""
    space = cloud.space(ann)
    with claim("SPACES-INVITE-01", "SPACES-INVITE-06", "a body without invitees is refused"):
        refused(cloud.call("POST", f"/spaces/{space}/invite", ann, json={}), 400, "request.invalid")
    with claim("SPACES-INVITE-01", "SPACES-INVITE-06", "an empty list is refused"):
        refused(invite(cloud, space, ann), 400, "request.invalid")


@behaviour("SPACES-INVITE-06", "SPACES-CREATE-10")
def test_unknown_and_disabled_invitees(cloud: Cloud, ann: Person) -> None:
    """An unknown id is not found, a disabled user cannot be invited, and nobody else of the list is."""
    space = cloud.open_space(ann)
    with claim("SPACES-INVITE-06", "SPACES-CREATE-10", "an unknown id is not found"):
        refused(invite(cloud, space, ann, "a@b.c", "f" * 24), 404, "user.not_found")
    with claim("SPACES-INVITE-06", "with an unknown id nobody of the list is invited"):
        observe(roles_in(cloud, space, ann), {ann.id: "admin"})
    cloud.control("POST", "/users", {"username": "off@example.com", "enabled": False})
    with claim("SPACES-INVITE-06", "SPACES-CREATE-10", "a disabled user is bad input"):
        refused(invite(cloud, space, ann, "a@b.c", "off@example.com"), 400, "request.invalid")
    with claim("SPACES-INVITE-06", "with a disabled user nobody of the list is invited"):
        observe(roles_in(cloud, space, ann), {ann.id: "admin"})


@behaviour("SPACES-INVITE-06")
def test_duplicates_count_once(cloud: Cloud, ann: Person) -> None:
    """The same person twice is one invitee, whether by id, address or another letter case."""
    space = cloud.space(ann)
    with claim("SPACES-INVITE-06", "an address in two letter cases counts once"):
        made = invite(cloud, space, ann, "pat@new.example", "PAT@new.example").json()["data"][0]
        observe([one["invitee"] for one in made["invitees"]], ["pat@new.example"])
    bob = cloud.user("bob@example.com")
    with claim("SPACES-INVITE-06", "id and address of one user count once"):
        people = ["pat@new.example", "PAT@new.example", bob.id, bob.username]
        made = invite(cloud, space, ann, *people).json()["data"][0]
        observe([one["invitee"] for one in made["invitees"]], ["pat@new.example", bob.id])


@behaviour("SPACES-INVITE-06", "SPACES-INVITE-01", "PERM-DIR-01", "PERM-PERS-01")
def test_where_nobody_or_only_guests_are_invited(cloud: Cloud, ann: Person) -> None:
    """Into a personal room only guests are invited, which is the default there; into a direct space nobody."""
    own = cloud.call("GET", f"/users/meetingroom/{ann.username}", ann).json()["data"]["_id"]
    answer = invite(cloud, own, ann, "pat@new.example")
    with claim("SPACES-INVITE-01", "PERM-PERS-01", "the default role in a personal room is guest", about=[answer]):
        observe(answer.json()["data"][0]["invitees"][0]["role"], "guest")
    for role in ("member", "admin"):
        with claim("SPACES-INVITE-06", "PERM-PERS-01", f"nobody is invited into a personal room as {role}"):
            refused(invite(cloud, own, ann, {"invitee": "a@b.c", "role": role}), 400, "request.invalid")
    cloud.call("DELETE", f"/spaces/invites/{answer.json()['data'][0]['_id']}", ann)  # the room stays
    direct = direct_space(cloud, ann, cloud.user("bob@example.com"))
    with claim("SPACES-INVITE-06", "PERM-DIR-01", "nobody is invited into a direct space"):
        refused(invite(cloud, direct, ann, "pat@new.example"), 403, "space.direct_not_allowed")


@behaviour("SPACES-INVITE-08", "SPACES-CREATE-09")
def test_the_server_sends_mails_only_when_asked(cloud: Cloud, room: Room) -> None:
    """An e-mail per invitee with the link of the invite goes to the outbox by default, none for other channels."""
    invited(cloud, room.id, room.admin, "c@new.example", informChannel="client")
    invited(cloud, room.id, room.admin, "o@new.example", informChannel="outlook")
    none = cloud.control("GET", "/outbox")["data"]
    with claim("SPACES-INVITE-08", "SPACES-CREATE-09", "with other channels nobody gets an e-mail"):
        observe(none, [])
    made = invited(cloud, room.id, room.admin, "pat@new.example", room.stranger.id)
    mails = cloud.control("GET", "/outbox")["data"]
    with claim("SPACES-INVITE-08", "SPACES-CREATE-09", "by default each invitee gets an e-mail"):
        observe([mail["to"] for mail in mails], ["pat@new.example", room.stranger.username])
    with claim("SPACES-INVITE-08", "it has the link of the invite"):
        observe([made["_id"] in mail["link"] for mail in mails], [True, True])


@behaviour("SPACES-INVITE-07", "USERS-SPACES-08")
def test_an_invitation_is_an_activity_without_event(cloud: Cloud, ann: Person, sockets: Sockets) -> None:
    """New people bring a space to the front of the list; inviting them again does not, and no socket is told."""
    space, later = cloud.space(ann), cloud.space(ann, "Later")

    def front() -> str:
        first: str = cloud.call("GET", "/users/me/spaces", ann).json()["data"][0]["_id"]
        return first

    invited(cloud, space, ann, "pat@new.example")
    with claim("SPACES-INVITE-07", "USERS-SPACES-08", "new people bring the space to the front"):
        observe(front(), space)
    invited(cloud, later, ann, "pat@new.example")
    invited(cloud, space, ann, "pat@new.example")
    with claim("SPACES-INVITE-07", "USERS-SPACES-08", "the same people again do not"):
        observe(front(), later)
    chat = sockets.join(ann, space)
    invited(cloud, space, ann, "another@new.example")
    with claim("SPACES-INVITE-07", "subscribers hear nothing of it"):
        observe(chat.heard(), [])


@behaviour("SPACES-INVITE-03", "AUTH-SVC-15")
def test_a_service_app_invites_as_admin_within_its_company(cloud: Cloud, ann: Person) -> None:
    """The scope wants an admin; ids of other companies' people are refused; unknown addresses are fine."""
    bot = cloud.app("spaces.invite.write")
    space = cloud.space(ann, invitees=[{"invitee": bot.key["sub"], "role": "admin"}])
    other = cloud.space(ann, invitees=[{"invitee": bot.key["sub"], "role": "member"}])
    with claim("SPACES-INVITE-03", "a service app may invite as admin"):
        expect(invite(cloud, space, bot, "pat@new.example").status_code, 200)
    with claim("SPACES-INVITE-03", "a service app that is only member is refused"):
        refused(invite(cloud, other, bot, "pat@new.example"), 403, "permission.denied")
    rita = cloud.user("rita@rival.example")
    with claim("AUTH-SVC-15", "it may not invite somebody of another company"):
        refused(invite(cloud, space, bot, rita.id), 403, "permission.other_company")
    foreign = cloud.space(rita)
    with claim("AUTH-SVC-15", "it may not invite into a space of another company"):
        refused(invite(cloud, foreign, bot, "pat@new.example"), 403, "permission.other_company")


# --- joining by the link


@behaviour("SPACES-INVJOIN-01", "SPACES-INVJOIN-02")
def test_the_invited_get_their_role(cloud: Cloud, ann: Person) -> None:
    """Who is among the invitees joins with the invited role, and who has a higher one keeps it."""
    bob = cloud.user("bob@example.com")
    space = cloud.space(ann)
    made = invited(cloud, space, ann, {"invitee": bob.username, "role": "member"}, {"invitee": ann.id, "role": "guest"})
    answer = enter(cloud, made, bob)
    with claim("SPACES-INVJOIN-01", "the answer has the space as topic", about=[answer]):
        expect(answer.status_code, 200)
        expect(answer.json()["topic"]["_id"], space)
    with claim("SPACES-INVJOIN-01", "there is nothing beside it", about=[answer]):
        observe(set(answer.json()), {"topic"})
    with claim("SPACES-INVJOIN-02", "an invitee has the invited role", about=[answer]):
        expect(role_by(answer), "member")
    with claim("SPACES-INVJOIN-02", "who has a higher role keeps it"):
        observe(role_by(enter(cloud, made, ann)), "admin")


@behaviour("SPACES-INVJOIN-02")
def test_an_invite_raises_a_guest(cloud: Cloud, ann: Person) -> None:
    """A guest who is invited as member keeps that role until they use the link."""
    bob = cloud.user("bob@example.com")
    space = cloud.open_space(ann, members=[{"username": bob.username, "role": "guest"}])
    made = invited(cloud, space, ann, {"invitee": bob.id, "role": "member"})
    with claim("SPACES-INVJOIN-02", "an invitation alone does not raise a guest"):
        observe(roles_in(cloud, space, ann)[bob.id], "guest")
    with claim("SPACES-INVJOIN-02", "using the link raises a guest"):
        observe(role_by(enter(cloud, made, bob)), "member")


@behaviour("SPACES-INVJOIN-03")
def test_anybody_with_the_link_enters_as_guest(cloud: Cloud, ann: Person) -> None:
    """A private space lets in whoever holds a link of it, anonymous or with another address, as guest."""
    gil, space = cloud.guest("pat@new.example"), cloud.private_space(ann)
    made = invited(cloud, space, ann, "pat@new.example")
    with claim("SPACES-INVJOIN-03", "an anonymous user enters a private space as guest"):
        observe(role_by(enter(cloud, made, gil)), "guest")
    sid = cloud.user("sid@elsewhere.example")
    with claim("SPACES-INVJOIN-03", "a registered user with another address enters as guest"):
        observe(role_by(enter(cloud, made, sid)), "guest")


@behaviour("SPACES-INVJOIN-03", "SPACES-KICK-03")
@pytest.mark.parametrize("private", [True, False])
def test_who_was_removed_needs_a_new_invitation(cloud: Cloud, ann: Person, private: bool) -> None:  # noqa: FBT001 - a case
    """The old link brings a removed person back as guest into an open space, and into a private one not at all."""
    bob = cloud.user("bob@example.com")
    space = cloud.open_space(ann, settings={"memberOnly": private})
    made = invited(cloud, space, ann, {"invitee": bob.username, "role": "admin"})
    cloud.call("DELETE", f"/spaces/{space}/attendees/userId/{bob.id}", ann)
    if private:
        with claim("SPACES-INVJOIN-03", "SPACES-KICK-03", "the old link is refused"):
            refused(enter(cloud, made, bob), 403, "space.members_only")
        again = invited(cloud, space, ann, bob.id)
        with claim("SPACES-INVJOIN-03", "SPACES-KICK-03", "a new one brings them in"):
            observe(role_by(enter(cloud, again, bob)), "member")
    else:
        with claim("SPACES-INVJOIN-03", "SPACES-KICK-03", "the old link brings them in as guest"):
            observe(role_by(enter(cloud, made, bob)), "guest")


@behaviour("SPACES-INVJOIN-04")
def test_unknown_and_old_invites(cloud: Cloud) -> None:
    """An unknown invite is not found, one past its end still works."""
    gil = cloud.guest()
    with claim("SPACES-INVJOIN-04", "an unknown invite is not found"):
        refused(enter(cloud, {"_id": "f" * 24}, gil), 404, "invite.not_found")
    ann = cloud.user()
    made = invited(cloud, cloud.space(ann), ann, "pat@new.example", endDateTime="2001-01-01T00:00:00Z")
    with claim("SPACES-INVJOIN-04", "an invite past its end works"):
        observe(enter(cloud, made, gil).status_code, 200)


@behaviour("SPACES-INVJOIN-04", "SPACES-INVJOIN-05", "PERM-PIN-03")
def test_guests_by_link_need_the_pin(cloud: Cloud, ann: Person) -> None:
    """Who becomes guest is asked for the PIN, who becomes member is not."""
    gil, space = cloud.guest(), cloud.open_space(ann, settings={"confPin": "1"})
    made = invited(cloud, space, ann, "pat@new.example")
    with claim("SPACES-INVJOIN-04", "without the PIN an anonymous user is refused"):
        refused(enter(cloud, made, gil), 403, "space.pin_required")
    with claim("SPACES-INVJOIN-04", "with a wrong PIN an anonymous user is refused"):
        refused(enter(cloud, made, gil, "2"), 403, "space.pin_wrong")
    with claim("SPACES-INVJOIN-05", "with the PIN an anonymous user enters"):
        expect(enter(cloud, made, gil, "1").status_code, 200)
    bob = cloud.user("bob@example.com")
    with claim("SPACES-INVJOIN-05", "PERM-PIN-03", "who becomes member is not asked"):
        expect(enter(cloud, invited(cloud, space, ann, bob.id), bob).status_code, 200)
    sid = cloud.user("sid@elsewhere.example")
    with claim("SPACES-INVJOIN-05", "PERM-PIN-03", "a registered user who becomes guest is asked"):
        refused(enter(cloud, made, sid), 403, "space.pin_required")
    cloud.call("POST", f"/spaces/{space}", ann, json={"settings": {"passwordRequired": {"allGuests": False}}})
    with claim("SPACES-INVJOIN-05", "PERM-PIN-03", "without allGuests a registered guest is not asked"):
        expect(enter(cloud, made, sid).status_code, 200)
    with claim("SPACES-INVJOIN-05", "PERM-PIN-03", "without allGuests an anonymous guest is asked"):
        refused(enter(cloud, made, cloud.guest()), 403, "space.pin_required")


# --- changing and deleting an invite


def change(cloud: Cloud, made: dict[str, Any], who: Person, *people: Any, **body: Any) -> httpx.Response:
    invitees = [{"invitee": one} if isinstance(one, str) else one for one in people]
    sent = {"_id": made["_id"], "topicId": made["topicId"], "invitees": invitees, **body}
    return cloud.call("POST", f"/spaces/invites/{made['_id']}", who, json=sent)


@behaviour("SPACES-INVUPD-01", "SPACES-INVUPD-02")
def test_an_invite_is_changed_in_place(cloud: Cloud, ann: Person) -> None:
    """The invitees are replaced under the same id; new ones enter the space, dropped ones stay in it."""
    space = cloud.space(ann)
    made = invited(cloud, space, ann, "old@new.example")
    answer = change(cloud, made, ann, "new@new.example", informChannel="client", inviteMode="meet")
    with claim("SPACES-INVUPD-01", "channel and mode may be sent", about=[answer]):
        expect(answer.status_code, 200)
    with claim("SPACES-INVUPD-02", "the answer has the same id, and the mode as sent", about=[answer]):
        shown = answer.json()["data"][0]
        observe((shown["_id"], shown["inviteMode"]), (made["_id"], "meet"))
    with claim("SPACES-INVUPD-02", "the invitees are replaced", about=[answer]):
        observe([one["invitee"] for one in answer.json()["data"][0]["invitees"]], ["new@new.example"])
    with claim("SPACES-INVUPD-02", "the link is that of the mode", about=[answer]):
        observe(answer.json()["inviteContent"]["text"].split()[-1].split("/")[-1].split("?")[0], "meet")
    with claim("SPACES-INVUPD-02", "new invitees enter the space, dropped ones stay in it"):
        observe({"old@new.example", "new@new.example"} - roles_in(cloud, space, ann).keys(), set())
    with claim("SPACES-INVUPD-01", "without them channel and mode stay"):
        kept = change(cloud, made, ann, "new@new.example").json()["data"][0]
        observe((kept["informChannel"], kept["inviteMode"]), ("client", "meet"))


@behaviour("SPACES-INVUPD-03", "SPACES-INVUPD-01")
@pytest.mark.parametrize(
    "body",
    [
        {"_id": "f" * 24},
        {"_id": None},
        {"topicId": "f" * 24},
        {"invitees": []},
        {"invitees": None},
        {"informChannel": "outlook"},
        {"invitees": [{"invitee": "a@b@c"}]},
        {"invitees": [{"invitee": f"p{number}@b.c"} for number in range(101)]},
    ],
    ids=lambda body: str(body)[:60],
)
def test_a_bad_change_of_an_invite(cloud: Cloud, ann: Person, body: dict[str, Any]) -> None:
    """Ids that do not fit, missing members and a channel that only a new invite has are refused."""
    made = invited(cloud, cloud.space(ann), ann, "old@new.example")
    with claim("SPACES-INVUPD-03", "SPACES-INVUPD-01", "it is refused"):
        refused(change(cloud, made, ann, "new@new.example", **body), 400, "request.invalid")


@behaviour("SPACES-INVUPD-03", "SPACES-INVDEL-03", "PERM-MAP-08")
def test_an_invite_is_its_creators(cloud: Cloud, room: Room) -> None:
    """Only the creator changes or deletes an invite, and only while admin or member; members make no admins."""
    made = invited(cloud, room.id, room.member, "old@new.example")
    path = f"/spaces/invites/{made['_id']}"
    with claim("SPACES-INVUPD-03", "a member makes no admin this way"):
        refused(change(cloud, made, room.member, {"invitee": "a@b.c", "role": "admin"}), 403, "permission.denied")
    for role in ("admin", "guest", "stranger"):
        other: Person = getattr(room, role)
        with claim("SPACES-INVUPD-03", "PERM-MAP-08", f"a {role} who did not create it may not change it"):
            refused(change(cloud, made, other, "new@new.example"), 403, "permission.denied")
        with claim("SPACES-INVDEL-03", "PERM-MAP-08", f"a {role} who did not create it may not delete it"):
            refused(cloud.call("DELETE", path, other), 403, "permission.denied")
    cloud.call("DELETE", f"/spaces/{room.id}/attendees/userId/{room.member.id}", room.admin)
    with claim("SPACES-INVUPD-03", "a creator who was removed may not change it"):
        refused(change(cloud, made, room.member, "new@new.example"), 403, "permission.denied")
    with claim("SPACES-INVDEL-03", "a creator who was removed may not delete it"):
        refused(cloud.call("DELETE", path, room.member), 403, "permission.denied")
    with claim("SPACES-INVDEL-03", "an unknown invite is not found"):
        refused(cloud.call("DELETE", "/spaces/invites/" + "f" * 24, room.admin), 404, "invite.not_found")


@behaviour("SPACES-INVDEL-01", "SPACES-INVDEL-02")
def test_a_deleted_invite_no_longer_works(cloud: Cloud, ann: Person) -> None:
    """The link is unknown afterwards; members stay, and waiting addresses of this invite go."""
    gil, bob, space = cloud.guest(), cloud.user("bob@example.com"), cloud.open_space(ann)
    made = invited(cloud, space, ann, "pat@new.example", bob.id)
    with claim("SPACES-INVDEL-01", "the answer is an object of both ids"):
        answer = cloud.call("DELETE", f"/topics/invites/{made['_id']}", ann)
        expect(answer.status_code, 200)
        observe(answer.json(), {"_id": made["_id"], "topicId": space})
    with claim("SPACES-INVDEL-02", "the link is unknown"):
        refused(enter(cloud, made, gil), 404, "invite.not_found")
    with claim("SPACES-INVDEL-02", "it cannot be deleted twice"):
        refused(cloud.call("DELETE", f"/spaces/invites/{made['_id']}", ann), 404, "invite.not_found")
    left = roles_in(cloud, space, ann)
    with claim("SPACES-INVDEL-02", "members stay"):
        observe(left.get(bob.id), "member")
    with claim("SPACES-INVDEL-02", "addresses that wait for it go"):
        observe(left.get("pat@new.example"), None)


@behaviour("PERM-ARCH-01")
def test_nobody_is_invited_into_an_archived_space(cloud: Cloud, ann: Person) -> None:
    """An archived space takes no invitation, not even of its admin."""
    space = cloud.open_space(ann, archived=True)
    with claim("PERM-ARCH-01", "an invitation is refused"):
        refused(invite(cloud, space, ann, "pat@new.example"), 403, "topic.invalid_acesss_to_archived_topic")
