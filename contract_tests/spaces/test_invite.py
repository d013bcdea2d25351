from typing import Any

import httpx
import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ISO_TIME, OBJECT_ID, TEXT, Cloud, Like, Person, Room, behaviour, refused, roles_in

NO_CLAIMS_YET = True


LINK = Like("join link", r"https?://\S+/spaces/invites/[0-9a-f]{24}/join\?inviteInfo=[A-Za-z0-9%]+")


@pytest.fixture
def room(cloud: Cloud) -> Room:
    """An open space with somebody of every role."""
    return cloud.room()


@pytest.fixture
def ann(cloud: Cloud) -> Person:
    """An admin of her own spaces."""
    return cloud.user()


def invite(cloud: Cloud, space: str, who: Any, *people: Any, **body: Any) -> httpx.Response:
    invitees = [{"invitee": one} if isinstance(one, str) else one for one in people]
    return cloud.call("POST", f"/spaces/{space}/invite", who, json={"invitees": invitees, **body})


def invited(cloud: Cloud, space: str, who: Any, *people: Any, **body: Any) -> dict[str, Any]:
    answer = invite(cloud, space, who, *people, **body)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()["data"][0]
    return made


def enter(cloud: Cloud, made: dict[str, Any], who: Person, **headers: str) -> httpx.Response:
    return cloud.call("GET", f"/spaces/invites/{made['_id']}/join", who, headers=headers)


# --- inviting


@behaviour("SPACES-INVITE-01", "SPACES-INVITE-02", "DM-INV-01")
def test_an_invitation_is_one_record(cloud: Cloud, room: Room) -> None:
    """All invitees are in one record with the space's id, and the client gets text and link to send them."""
    people = ({"invitee": "pat@new.example", "role": "admin"}, room.stranger.id)
    body = {"informChannel": "client", "inviteContentLanguage": "xx", "startDateTime": "2031-01-01T00:00:00Z"}
    answer = invite(cloud, room.id, room.admin, *people, **body)
    expect(answer.status_code, 200)
    expect(answer.json()["data"][0]["topicId"], room.id)
    observe(
        answer.json(),
        {
            "data": [
                {
                    "_id": OBJECT_ID,
                    "topicId": room.id,
                    "cid": room.admin.id,
                    "invitees": [
                        {"inviteeType": "email", "invitee": "pat@new.example", "role": "admin"},
                        {"inviteeType": "userId", "invitee": room.stranger.id, "role": "member"},
                    ],
                    "informChannel": "client",
                    "inviteMode": "join",
                    "created": ISO_TIME,
                    "startDateTime": "2031-01-01T00:00:00.000Z",
                    "inviteContentLanguage": "en-US",
                }
            ],
            "inviteContent": {"text": TEXT, "html": TEXT},
        },
    )
    expect(answer.json()["inviteContent"]["text"].split()[-1], LINK)


@behaviour("SPACES-INVITE-03", "PERM-MAP-02")
def test_who_may_invite_whom(cloud: Cloud, room: Room) -> None:
    """Admins and members invite, only admins make admins, and guests invite nobody."""
    admin = {"invitee": "pat@new.example", "role": "admin"}
    expect(invite(cloud, room.id, room.member, "a@new.example").status_code, 200)
    expect(invite(cloud, room.id, room.admin, admin).status_code, 200)
    refused(invite(cloud, room.id, room.member, admin), 403, "permission.denied")
    for guest in (room.guest, room.anonymous):
        refused(invite(cloud, room.id, guest, "b@new.example"), 403, "permission.denied")


@behaviour("SPACES-INVITE-04", "DM-MEM-01")
def test_invitees_enter_the_roster_at_once(cloud: Cloud, ann: Person) -> None:
    """Known people are entered as users by any of their addresses, unknown addresses as such without join time."""
    bob = cloud.user("bob@new.example", other_emails=["bobby@new.example"])
    space = cloud.space(ann)
    invited(cloud, space, ann, "BOBBY@new.example", {"invitee": "Pat@New.example", "role": "guest"})
    shown = {one["member"]: one for one in cloud.call("GET", f"/spaces/{space}/members", ann).json()["data"]}
    known, unknown = shown[bob.id], shown["pat@new.example"]
    observe((known["member"], known["memberType"], known["joinTime"]), (bob.id, "userId", ISO_TIME))
    observe((unknown["member"], unknown["memberType"], unknown["joinTime"]), ("pat@new.example", "email", ""))
    observe((unknown["username"], unknown["displayname"], unknown["role"]), ("pat@new.example",) * 2 + ("guest",))
    invited(cloud, space, ann, {"invitee": ann.id, "role": "guest"}, {"invitee": bob.username, "role": "admin"})
    observe(roles_in(cloud, space, ann), {ann.id: "admin", bob.id: "member", "pat@new.example": "guest"})


@behaviour("SPACES-INVITE-05")
@pytest.mark.parametrize("way", ["control", "bulk"])
def test_who_registers_later_takes_his_entry_over(cloud: Cloud, ann: Person, way: str) -> None:
    """A person who registers with an invited address finds himself in the spaces, with the highest invited role."""
    space, other = cloud.space(ann), cloud.space(ann, "Other")
    invited(cloud, space, ann, {"invitee": "late@example.com", "role": "admin"})
    invited(cloud, other, ann, {"invitee": "late@example.com", "role": "guest"})
    if way == "bulk":
        operation = {"action": "create", "email": "Late@example.com", "password": "secret"}
        made = cloud.call("POST", "/users/bulkupdate", cloud.app("accounts.users.bulk.write"), json=[operation])
        assert made.json()["data"][0]["success"], made.text
    late = cloud.user("late@example.com")
    observe(roles_in(cloud, space, ann), {ann.id: "admin", late.id: "admin"})
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
def test_a_bad_invitation_invites_nobody(cloud: Cloud, room: Room, body: Any) -> None:
    """What cannot be understood is refused as a whole."""
    before = roles_in(cloud, room.id, room.admin)
    refused(cloud.call("POST", f"/spaces/{room.id}/invite", room.admin, json=body), 400, "request.invalid")
    observe(roles_in(cloud, room.id, room.admin), before)


@behaviour("SPACES-INVITE-06", "SPACES-CREATE-10")
def test_unknown_and_disabled_invitees(cloud: Cloud, room: Room) -> None:
    """An unknown id is not found, a disabled user cannot be invited, and nobody else of the list is."""
    cloud.user("off@example.com")
    cloud.control("PATCH", "/users/off@example.com", {"enabled": False})
    before = roles_in(cloud, room.id, room.admin)
    refused(invite(cloud, room.id, room.admin, "a@b.c", "f" * 24), 404, "user.not_found")
    refused(invite(cloud, room.id, room.admin, "a@b.c", "off@example.com"), 400, "request.invalid")
    observe(roles_in(cloud, room.id, room.admin), before)


@behaviour("SPACES-INVITE-06")
def test_duplicates_count_once(cloud: Cloud, ann: Person) -> None:
    """The same person twice is one invitee, whether by id, address or another letter case."""
    bob = cloud.user("bob@example.com")
    people = ["pat@new.example", "PAT@new.example", bob.id, bob.username]
    made = invited(cloud, cloud.space(ann), ann, *people)
    observe([one["invitee"] for one in made["invitees"]], ["pat@new.example", bob.id])


@behaviour("SPACES-INVITE-06", "SPACES-INVITE-01", "PERM-DIR-01", "PERM-PERS-01")
def test_where_nobody_or_only_guests_are_invited(cloud: Cloud, ann: Person) -> None:
    """Into a personal room only guests are invited, which is the default there; into a direct space nobody."""
    bob = cloud.user("bob@example.com")
    own = cloud.call("GET", f"/users/meetingroom/{ann.username}", ann).json()["data"]["_id"]
    observe(invited(cloud, own, ann, "pat@new.example")["invitees"][0]["role"], "guest")
    refused(invite(cloud, own, ann, {"invitee": "a@b.c", "role": "member"}), 400, "request.invalid")
    direct = cloud.call("GET", f"/spaces/direct/user/{bob.id}", ann).json()["data"][0]["_id"]
    refused(invite(cloud, direct, ann, "pat@new.example"), 403, "space.direct_not_allowed")


@behaviour("SPACES-INVITE-08", "SPACES-CREATE-09")
def test_the_server_sends_mails_only_when_asked(cloud: Cloud, room: Room) -> None:
    """An e-mail per invitee with the link of the invite goes to the outbox by default, none for other channels."""
    invited(cloud, room.id, room.admin, "c@new.example", informChannel="client")
    invited(cloud, room.id, room.admin, "o@new.example", informChannel="outlook")
    made = invited(cloud, room.id, room.admin, "pat@new.example", room.stranger.id)
    mails = cloud.control("GET", "/outbox")["data"]
    observe([mail["to"] for mail in mails], ["pat@new.example", room.stranger.username])
    observe([made["_id"] in mail["link"] for mail in mails], [True, True])


@behaviour("SPACES-INVITE-07", "USERS-SPACES-08")
def test_an_invitation_is_an_activity_without_event(cloud: Cloud, room: Room) -> None:
    """New people bring a space to the front of the list; inviting them again does not."""
    later = cloud.space(room.admin, "Later")

    def front() -> str:
        first: str = cloud.call("GET", "/users/me/spaces", room.admin).json()["data"][0]["_id"]
        return first

    invited(cloud, room.id, room.admin, "pat@new.example")
    observe(front(), room.id)
    invited(cloud, later, room.admin, "pat@new.example")
    invited(cloud, room.id, room.admin, "pat@new.example")
    observe(front(), later)


@behaviour("SPACES-INVITE-03", "AUTH-SVC-15")
def test_a_service_app_invites_as_admin_within_its_company(cloud: Cloud, ann: Person) -> None:
    """The scope wants an admin; ids of other companies' people are refused; unknown addresses are fine."""
    bot, rita = cloud.app("spaces.invite.write"), cloud.user("rita@rival.example")
    space = cloud.space(ann, invitees=[{"invitee": bot.account_id, "role": "admin"}])
    other = cloud.space(ann, invitees=[{"invitee": bot.account_id, "role": "member"}])
    expect(invite(cloud, space, bot, "pat@new.example").status_code, 200)
    refused(invite(cloud, space, bot, rita.id), 403, "permission.other_company")
    refused(invite(cloud, other, bot, "pat@new.example"), 403, "permission.denied")
    refused(invite(cloud, cloud.space(rita), bot, "pat@new.example"), 403, "permission.other_company")


# --- joining by the link


@behaviour("SPACES-INVJOIN-01", "SPACES-INVJOIN-02")
def test_the_invited_get_their_role(cloud: Cloud, ann: Person) -> None:
    """Who is among the invitees joins with the invited role, and who has a higher one keeps it."""
    bob = cloud.user("bob@example.com")
    space = cloud.space(ann)
    made = invited(cloud, space, ann, {"invitee": bob.username, "role": "member"}, {"invitee": ann.id, "role": "guest"})
    answer = enter(cloud, made, bob)
    expect(answer.status_code, 200)
    observe(set(answer.json()), {"topic"})
    expect((answer.json()["topic"]["_id"], answer.json()["topic"]["role"]), (space, "member"))
    observe(enter(cloud, made, ann).json()["topic"]["role"], "admin")


@behaviour("SPACES-INVJOIN-02")
def test_an_invite_raises_a_guest(cloud: Cloud, room: Room) -> None:
    """A guest who is invited as member keeps his role until he uses the link."""
    made = invited(cloud, room.id, room.admin, {"invitee": room.guest.id, "role": "member"})
    observe(roles_in(cloud, room.id, room.admin)[room.guest.id], "guest")
    observe(enter(cloud, made, room.guest).json()["topic"]["role"], "member")


@behaviour("SPACES-INVJOIN-03")
def test_anybody_with_the_link_enters_as_guest(cloud: Cloud, ann: Person) -> None:
    """A private space lets in whoever holds a link of it, anonymous or with another address, as guest."""
    space = cloud.space(ann)
    made = invited(cloud, space, ann, "pat@new.example")
    for who in (cloud.guest("pat@new.example"), cloud.user("sid@elsewhere.example")):
        observe(enter(cloud, made, who).json()["topic"]["role"], "guest")


@behaviour("SPACES-INVJOIN-03", "SPACES-KICK-03")
@pytest.mark.parametrize("private", [True, False])
def test_who_was_removed_needs_a_new_invitation(cloud: Cloud, ann: Person, private: bool) -> None:  # noqa: FBT001 - a case
    """The old link brings a removed person back as guest into an open space, and into a private one not at all."""
    bob = cloud.user("bob@example.com")
    space = cloud.open_space(ann, settings={"memberOnly": private})
    made = invited(cloud, space, ann, {"invitee": bob.username, "role": "admin"})
    cloud.call("DELETE", f"/spaces/{space}/attendees/userId/{bob.id}", ann)
    answer = enter(cloud, made, bob)
    if private:
        refused(answer, 403, "space.members_only")
        again = invited(cloud, space, ann, bob.id)
        observe(enter(cloud, again, bob).json()["topic"]["role"], "member")
    else:
        observe(answer.json()["topic"]["role"], "guest")


@behaviour("SPACES-INVJOIN-04")
def test_unknown_and_old_invites(cloud: Cloud, ann: Person) -> None:
    """An unknown invite is not found, one past its end still works."""
    refused(enter(cloud, {"_id": "f" * 24}, ann), 404, "invite.not_found")
    made = invited(cloud, cloud.space(ann), ann, "pat@new.example", endDateTime="2001-01-01T00:00:00Z")
    observe(enter(cloud, made, cloud.guest()).status_code, 200)


@behaviour("SPACES-INVJOIN-04", "SPACES-INVJOIN-05", "PERM-PIN-03")
def test_guests_by_link_need_the_pin(cloud: Cloud, ann: Person) -> None:
    """Who becomes guest is asked for the PIN, who becomes member is not."""
    bob, sid, gil = cloud.user("bob@example.com"), cloud.user("sid@elsewhere.example"), cloud.guest()
    space = cloud.open_space(ann, settings={"confPin": "1"})
    made = invited(cloud, space, ann, bob.id)
    expect(enter(cloud, made, bob).status_code, 200)
    refused(enter(cloud, made, sid), 403, "space.pin_required")
    refused(enter(cloud, made, gil, **{"spaces-x-space-password": "2"}), 403, "space.pin_wrong")
    expect(enter(cloud, made, gil, **{"spaces-x-space-password": "1"}).status_code, 200)
    cloud.call("POST", f"/spaces/{space}", ann, json={"settings": {"passwordRequired": {"allGuests": False}}})
    expect(enter(cloud, made, sid).status_code, 200)
    refused(enter(cloud, made, gil), 403, "space.pin_required")


# --- changing and deleting an invite


def change(cloud: Cloud, made: dict[str, Any], who: Person, *people: Any, **body: Any) -> httpx.Response:
    invitees = [{"invitee": one} if isinstance(one, str) else one for one in people]
    sent = {"_id": made["_id"], "topicId": made["topicId"], "invitees": invitees, **body}
    return cloud.call("POST", f"/spaces/invites/{made['_id']}", who, json=sent)


@behaviour("SPACES-INVUPD-01", "SPACES-INVUPD-02")
def test_an_invite_is_changed_in_place(cloud: Cloud, room: Room) -> None:
    """The invitees are replaced under the same id; new ones enter the space, dropped ones stay in it."""
    made = invited(cloud, room.id, room.member, "old@new.example")
    answer = change(cloud, made, room.member, "new@new.example", informChannel="client", inviteMode="meet")
    expect(answer.status_code, 200)
    shown = answer.json()["data"][0]
    observe((shown["_id"], shown["inviteMode"]), (made["_id"], "meet"))
    observe([one["invitee"] for one in shown["invitees"]], ["new@new.example"])
    observe(answer.json()["inviteContent"]["text"].split()[-1].split("/")[-1].split("?")[0], "meet")
    observe({"old@new.example", "new@new.example"} - roles_in(cloud, room.id, room.admin).keys(), set())
    kept = change(cloud, made, room.member, "new@new.example").json()["data"][0]
    observe((kept["informChannel"], kept["inviteMode"]), ("client", "meet"))


@behaviour("SPACES-INVUPD-03")
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
def test_a_bad_change_of_an_invite(cloud: Cloud, room: Room, body: dict[str, Any]) -> None:
    """Ids that do not fit, missing members and a channel that only a new invite has are refused."""
    made = invited(cloud, room.id, room.member, "old@new.example")
    refused(change(cloud, made, room.member, "new@new.example", **body), 400, "request.invalid")


@behaviour("SPACES-INVUPD-03", "SPACES-INVDEL-03", "PERM-MAP-08")
def test_an_invite_is_its_creators(cloud: Cloud, room: Room) -> None:
    """Only the creator changes or deletes an invite, and only while he is admin or member; members make no admins."""
    made = invited(cloud, room.id, room.member, "old@new.example")
    path = f"/spaces/invites/{made['_id']}"
    refused(change(cloud, made, room.member, {"invitee": "a@b.c", "role": "admin"}), 403, "permission.denied")
    for other in (room.admin, room.guest, room.stranger):
        refused(change(cloud, made, other, "new@new.example"), 403, "permission.denied")
        refused(cloud.call("DELETE", path, other), 403, "permission.denied")
    cloud.call("DELETE", f"/spaces/{room.id}/attendees/userId/{room.member.id}", room.admin)
    refused(change(cloud, made, room.member, "new@new.example"), 403, "permission.denied")
    refused(cloud.call("DELETE", path, room.member), 403, "permission.denied")
    refused(cloud.call("DELETE", "/spaces/invites/" + "f" * 24, room.admin), 404, "invite.not_found")


@behaviour("SPACES-INVDEL-01", "SPACES-INVDEL-02")
def test_a_deleted_invite_no_longer_works(cloud: Cloud, room: Room) -> None:
    """The link is unknown afterwards; members stay, and waiting addresses of this invite go."""
    made = invited(cloud, room.id, room.admin, "pat@new.example", room.stranger.id)
    answer = cloud.call("DELETE", f"/topics/invites/{made['_id']}", room.admin)
    expect(answer.status_code, 200)
    observe(answer.json(), {"_id": made["_id"], "topicId": room.id})
    refused(enter(cloud, made, room.guest), 404, "invite.not_found")
    refused(cloud.call("DELETE", f"/spaces/invites/{made['_id']}", room.admin), 404, "invite.not_found")
    left = roles_in(cloud, room.id, room.admin)
    observe((left.get(room.stranger.id), left.get("pat@new.example")), ("member", None))


@behaviour("PERM-ARCH-01")
def test_nobody_is_invited_into_an_archived_space(cloud: Cloud, ann: Person) -> None:
    """An archived space takes no invitation, not even of its admin."""
    space = cloud.open_space(ann, archived=True)
    refused(invite(cloud, space, ann, "pat@new.example"), 403, "topic.invalid_acesss_to_archived_topic")
