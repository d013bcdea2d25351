from datetime import datetime, timedelta

import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import ISO_TIME, App, Cloud, Like, Person, behaviour, refused, roles_in
from contract_tests.sockets import Sockets, direct_space

PIN = "spaces-x-space-password"
NAMES_THE_HEADER = Like("text that names the header", rf"(?s).*{PIN}.*")


@behaviour("SPACES-JOIN-02", "SPACES-JOIN-07")
def test_a_join_answers_the_topic_alone(cloud: Cloud) -> None:
    """The answer has one member, the space as it is read otherwise."""
    ann = cloud.user()
    space = cloud.space(ann)
    answer = cloud.call("GET", f"/topics/{space}/join", ann)
    with claim("SPACES-JOIN-07", "there is nothing beside topic", about=[answer]):
        observe(set(answer.json()), {"topic"})
    with claim("SPACES-JOIN-02", "topic is the space as it is read otherwise"):
        read = cloud.call("GET", f"/spaces/{space}", ann).json()
        expect(answer.json()["topic"], read)


@behaviour("SPACES-JOIN-03", "PERM-ROLE-01")
def test_strangers_become_guests(cloud: Cloud) -> None:
    """Registered and anonymous strangers alike enter an open space as guests, and stay so."""
    gil, ann = cloud.guest(), cloud.user()
    space = cloud.open_space(ann)

    def joins(who: Person) -> str:
        role: str = cloud.call("GET", f"/spaces/{space}/join", who).json()["topic"]["role"]
        return role

    with claim("SPACES-JOIN-03", "PERM-ROLE-01", "an anonymous stranger becomes guest"):
        expect(joins(gil), "guest")
    sid = cloud.user("sid@elsewhere.example")
    with claim("SPACES-JOIN-03", "a registered stranger becomes guest"):
        expect(joins(sid), "guest")
    with claim("SPACES-JOIN-03", "they stay guest when they join again"):
        expect(joins(sid), "guest")
    with claim("SPACES-JOIN-03", "the roster has them so, once each"):
        observe(roles_in(cloud, space, ann), {ann.id: "admin", sid.id: "guest", gil.id: "guest"})


@behaviour("SPACES-JOIN-03")
@pytest.mark.parametrize("role", ["admin", "member", "guest"])
def test_participants_keep_their_role(cloud: Cloud, role: str) -> None:
    """Who is in the space already, invited ones included, joins with their role, a private space too."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.private_space(ann, invitees=[{"invitee": bob.username, "role": role}])
    with claim("SPACES-JOIN-03", "they join with that role"):
        observe(cloud.call("GET", f"/spaces/{space}/join", bob).json()["topic"]["role"], role)


@behaviour("SPACES-JOIN-03", "SPACES-JOIN-04")
def test_a_join_is_timed(cloud: Cloud) -> None:
    """A guest's join time is when they came, and a join is their last access."""
    ann, gil = cloud.user(), cloud.guest()
    space = cloud.open_space(ann)
    topic = cloud.call("GET", f"/spaces/{space}/join", gil).json()["topic"]
    with claim("SPACES-JOIN-03", "a guest has a join time, not before the space was created"):
        [joined] = [one["joinTime"] for one in topic["members"] if one["member"] == gil.id]
        observe(joined, ISO_TIME)
        observe(joined >= topic["created"], wanted=True)
    with claim("SPACES-JOIN-04", "the last access is the time of the join, within a second"):
        [joined] = [one["joinTime"] for one in topic["members"] if one["member"] == gil.id]
        moments = [datetime.fromisoformat(text) for text in (joined, topic["lastAccess"])]
        observe(moments[1] - moments[0] < timedelta(seconds=1), wanted=True)
    sid = cloud.user("sid@elsewhere.example")
    cloud.freeze("2031-02-03T04:05:06.789Z")
    sid = cloud.user(sid.username)
    topic = cloud.call("GET", f"/spaces/{space}/join", sid).json()["topic"]
    with claim("SPACES-JOIN-03", "the join time is now"):
        observe([one["joinTime"] for one in topic["members"] if one["member"] == sid.id], ["2031-02-03T04:05:06.789Z"])
    with claim("SPACES-JOIN-04", "the last access is now"):
        observe(topic["lastAccess"], "2031-02-03T04:05:06.789Z")


@behaviour("SPACES-JOIN-04", "USERS-SPACES-08", "USERS-HIDE-04")
def test_only_the_first_join_is_an_activity(cloud: Cloud, sockets: Sockets) -> None:
    """The first join brings a space to the front, later ones do not; a hidden one is shown again, silently."""
    ann, gil = cloud.user(), cloud.guest()
    space = cloud.open_space(ann)
    later = cloud.space(ann, "Later")

    def listed() -> list[str]:
        items = cloud.call("GET", "/users/me/spaces", ann).json()["data"]
        return [item["_id"] for item in items if item["_id"] in (space, later)]

    with claim("USERS-SPACES-08", "the newest space comes first"):
        expect(listed(), [later, space])
    cloud.call("GET", f"/spaces/{space}/join", gil)
    with claim("SPACES-JOIN-04", "USERS-SPACES-08", "a first join brings a space to the front"):
        expect(listed(), [space, later])
    cloud.call("POST", f"/spaces/{later}", ann, json={"title": "Later still"})
    cloud.call("GET", f"/spaces/{space}/join", gil)
    with claim("SPACES-JOIN-04", "USERS-SPACES-08", "a second join does not"):
        observe(listed(), [later, space])
    cloud.call("POST", f"/users/me/spaces/{space}/hide", ann)
    with claim("USERS-HIDE-04", "a hidden space is not in the list"):
        observe(listed(), [later])
    cloud.call("GET", f"/spaces/{space}/join", ann)
    with claim("SPACES-JOIN-04", "USERS-HIDE-04", "a join shows a hidden space again"):
        observe(listed(), [later, space])
    chat = sockets.join(ann, space)
    cloud.call("GET", f"/spaces/{space}/join", cloud.guest())
    cloud.call("GET", f"/spaces/{space}/join", ann)
    with claim("SPACES-JOIN-04", "subscribers hear nothing of a join"):
        observe(chat.heard(), [])


@behaviour("SPACES-JOIN-01", "SPACES-JOIN-05", "PERM-PIN-01", "PERM-PIN-02", "PERM-PIN-04")
@pytest.mark.parametrize("path", ["join", "", "members"])
def test_a_protected_space_asks_for_its_pin(cloud: Cloud, path: str) -> None:
    """Without the PIN, and with a wrong one, a guest is refused with a hint at the header; an open space ignores it."""
    ann, gil = cloud.user(), cloud.guest()
    space = cloud.open_space(ann, settings={"confPin": "1234"})
    wrong = {"no header": None, "an empty one": "", "the text null": "null", "another PIN": "1"}
    for name, pin in wrong.items():
        code = "pin_wrong" if pin == "1" else "pin_required"
        answer = cloud.call("GET", f"/spaces/{space}/{path}", gil, headers={} if pin is None else {PIN: pin})
        with claim("SPACES-JOIN-05", "PERM-PIN-02", f"{name}: it is refused with 403", about=[answer]):
            expect(answer.status_code, 403)
        with claim("PERM-PIN-04", f"{name}: it is refused with its code", about=[answer]):
            refused(answer, 403, f"space.{code}")
            observe(answer.json()["code"], f"space.{code}")
        with claim("PERM-PIN-04", f"{name}: the message names the header", about=[answer]):
            observe(answer.json()["message"], NAMES_THE_HEADER)
    with claim("SPACES-JOIN-01", "PERM-PIN-01", "the PIN in its header is accepted"):
        expect(cloud.call("GET", f"/spaces/{space}/{path}", gil, headers={PIN: "1234"}).status_code, 200)
    unprotected = cloud.open_space(ann)
    cloud.call("GET", f"/spaces/{unprotected}/join", gil)
    for pin in ("", "null", "1"):
        with claim("PERM-PIN-02", f"an unprotected space ignores the header {pin!r}"):
            expect(cloud.call("GET", f"/spaces/{unprotected}/{path}", gil, headers={PIN: pin}).status_code, 200)


@behaviour("PERM-PIN-03")
@pytest.mark.parametrize("everybody", [True, False])
@pytest.mark.parametrize("role", ["admin", "member", "guest", "anonymous", "stranger"])
def test_who_is_asked_for_the_pin(cloud: Cloud, role: str, everybody: bool) -> None:  # noqa: FBT001 - a case
    """All guests, or anonymous ones only, as the space says; admins and members never."""
    asked = {"guest", "anonymous", "stranger"} if everybody else {"anonymous"}
    room = cloud.room(settings={"confPin": "1234", "passwordRequired": {"allGuests": everybody}})
    with claim("PERM-PIN-03", "they are asked, or not"):
        who = cloud.guest() if role == "anonymous" else getattr(room, role)  # that of the room has sent it already
        answer = cloud.call("GET", f"/spaces/{room.id}/join", who)
        if role in asked:
            refused(answer, 403, "space.pin_required")
        observe(answer.status_code, 403 if role in asked else 200)


@behaviour("PERM-PIN-05")
def test_the_pin_is_asked_for_once(cloud: Cloud, sockets: Sockets) -> None:
    """A guest who joined with the PIN is not asked again, until they have left; leaving never needs it."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    members = [{"username": bob.username, "role": "guest"}]
    space, other = (cloud.open_space(ann, members=members, settings={"confPin": "1234"}) for _ in range(2))
    reads = ("", "/members", "/join")
    for path in reads:
        with claim("PERM-PIN-05", f"a guest who has not joined is asked by {path or 'the space'}"):
            refused(cloud.call("GET", f"/spaces/{space}{path}", bob), 403, "space.pin_required")
    with claim("PERM-PIN-05", "a chat is not asked for it"):
        expect(cloud.call("POST", f"/spaces/{space}/chats", bob, json={"content": {"bodyText": "x"}}).status_code, 200)
    cloud.call("GET", f"/spaces/{space}/join", bob, headers={PIN: "1234"})
    for path in reads:
        with claim("PERM-PIN-05", f"who joined with the PIN is not asked again by {path or 'the space'}"):
            expect(cloud.call("GET", f"/spaces/{space}{path}", bob).status_code, 200)
    with claim("PERM-PIN-05", "nor on the socket"):
        expect(sockets.join(bob).subscribe(space)[0], "CHANNEL_SUBSCRIBED")
    with claim("PERM-PIN-05", "another space asks them"):
        refused(cloud.call("GET", f"/spaces/{other}/join", bob), 403, "space.pin_required")
    with claim("PERM-PIN-05", "leaving never needs it"):
        expect(cloud.call("DELETE", f"/spaces/{other}/attendees/userId/{bob.id}", bob).status_code, 200)
    cloud.call("DELETE", f"/spaces/{space}/attendees/userId/{bob.id}", bob)
    with claim("PERM-PIN-05", "who has left is asked when they come back"):
        refused(cloud.call("GET", f"/spaces/{space}/join", bob), 403, "space.pin_required")
    cloud.call("GET", f"/spaces/{space}/join", bob, headers={PIN: "1234"})
    cloud.configure({"rest.pin_scope": "all"})
    for path in reads:
        with claim("PERM-PIN-05", f"by setting who joined with the PIN is asked again by {path or 'the space'}"):
            refused(cloud.call("GET", f"/spaces/{space}{path}", bob), 403, "space.pin_required")
    with claim("PERM-PIN-05", "by setting too leaving never needs it"):
        expect(cloud.call("DELETE", f"/spaces/{space}/attendees/userId/{bob.id}", bob).status_code, 200)


@behaviour("SPACES-JOIN-06", "PERM-PRIV-01", "PERM-ARCH-01")
def test_who_cannot_join(cloud: Cloud) -> None:
    """A private space refuses strangers as such, a direct one any third person, an archived one new people only."""
    ann, gil = cloud.user(), cloud.guest()
    private = cloud.private_space(ann)
    with claim("SPACES-JOIN-06", "PERM-PRIV-01", "an anonymous stranger is refused at a private space"):
        refused(cloud.call("GET", f"/spaces/{private}/join", gil), 403, "space.members_only")
    sid = cloud.user("sid@elsewhere.example")
    with claim("SPACES-JOIN-06", "PERM-PRIV-01", "a registered stranger is refused at a private space"):
        refused(cloud.call("GET", f"/spaces/{private}/join", sid), 403, "space.members_only")
    bob = cloud.user("bob@example.com")
    direct = direct_space(cloud, ann, bob)
    with claim("SPACES-JOIN-06", "PERM-PRIV-01", "a third person is refused at a direct space"):
        refused(cloud.call("GET", f"/spaces/{direct}/join", sid), 403, "permission.denied")
    archived = cloud.open_space(ann, members=[{"username": bob.username}], archived=True)
    with claim("SPACES-JOIN-06", "PERM-ARCH-01", "a stranger is refused at an archived space"):
        refused(cloud.call("GET", f"/spaces/{archived}/join", sid), 403, "topic.invalid_acesss_to_archived_topic")
    with claim("SPACES-JOIN-06", "PERM-ARCH-01", "a participant joins an archived space"):
        answer = cloud.call("GET", f"/spaces/{archived}/join", bob)
        expect(answer.status_code, 200)
        expect(answer.json()["topic"]["lastAccess"], ISO_TIME)


@behaviour("SPACES-JOIN-06", "SPACES-CREATE-12")
def test_a_private_space_can_be_opened(cloud: Cloud) -> None:
    """By default nobody joins a new space by its id; after memberOnly is switched off anybody does."""
    gil, ann = cloud.guest(), cloud.user()
    space = cloud.space(ann)
    with claim("SPACES-CREATE-12", "an anonymous user cannot join a new space by its id"):
        refused(cloud.call("GET", f"/spaces/{space}/join", gil), 403, "space.members_only")
    cloud.call("POST", f"/spaces/{space}", ann, json={"settings": {"memberOnly": False}})
    with claim("SPACES-CREATE-12", "SPACES-JOIN-06", "after memberOnly is switched off they can"):
        observe(cloud.call("GET", f"/spaces/{space}/join", gil).status_code, 200)
    cloud.configure({"rest.default_member_only": False})
    with claim("SPACES-CREATE-12", "by setting a new space is open"):
        observe(cloud.call("GET", f"/spaces/{cloud.space(ann)}/join", gil).status_code, 200)


@behaviour("SPACES-JOIN-03", "SPACES-CREATE-10")
def test_who_is_listed_by_address_only_has_their_role(cloud: Cloud) -> None:
    """An account that came to be after its address was invited has the role of that entry."""
    ann = cloud.user()
    domain = cloud.control("POST", "/companies", {"name": "Late"})["service_domain"]
    owner = cloud.user("lea@late.example", company="Late")
    invitees = [{"invitee": f"00ff00ff00ff00ff00ff@{domain}", "role": "admin"}]
    space, other = cloud.space(owner, invitees=invitees), cloud.space(ann, invitees=invitees)
    body = {"scopes": "all", "company": "Late", "app_id": "00ff00ff00ff00ff00ff"}
    made = cloud.control("POST", "/service-apps", body)
    bot = App(made["key"], made["account_id"])
    with claim("SPACES-JOIN-03", "SPACES-CREATE-10", "the account has the role of the entry of its address"):
        expect(cloud.call("GET", f"/spaces/{space}", bot).json()["role"], "admin")
    with claim("SPACES-CREATE-10", "in a space of another company it is refused all the same"):
        refused(cloud.call("GET", f"/spaces/{other}", bot), 403, "permission.other_company")
