import pytest

from contract_tests.claims import aside, expect, observe
from contract_tests.kit import ISO_TIME, App, Cloud, Like, behaviour, refused, roles_in
from contract_tests.sockets import Sockets

NO_CLAIMS_YET = True


PIN = "spaces-x-space-password"
NAMES_THE_HEADER = Like("text that names the header", rf"(?s).*{PIN}.*")


@behaviour("SPACES-JOIN-02", "SPACES-JOIN-07")
def test_a_join_answers_the_topic_alone(cloud: Cloud) -> None:
    """The answer has one member, the space as it is read otherwise."""
    room = cloud.room()
    joined = cloud.call("GET", f"/topics/{room.id}/join", room.member).json()
    observe(set(joined), {"topic"})
    expect(joined["topic"], cloud.call("GET", f"/spaces/{room.id}", room.member).json())


@behaviour("SPACES-JOIN-03", "PERM-ROLE-01")
def test_strangers_become_guests(cloud: Cloud) -> None:
    """Registered and anonymous strangers alike enter an open space as guests, and stay so."""
    ann, sid, gil = cloud.user(), cloud.user("sid@elsewhere.example"), cloud.guest()
    space = cloud.open_space(ann)
    for who in (sid, gil, sid):
        topic = cloud.call("GET", f"/spaces/{space}/join", who).json()["topic"]
        expect(topic["role"], "guest")
    observe(roles_in(cloud, space, ann), {ann.id: "admin", sid.id: "guest", gil.id: "guest"})


@behaviour("SPACES-JOIN-03")
@pytest.mark.parametrize("role", ["admin", "member", "guest"])
def test_participants_keep_their_role(cloud: Cloud, role: str) -> None:
    """Who is in the space already, invited ones included, joins with his role, a private space too."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.space(ann, invitees=[{"invitee": bob.username, "role": role}])
    observe(cloud.call("GET", f"/spaces/{space}/join", bob).json()["topic"]["role"], role)


@behaviour("SPACES-JOIN-03", "SPACES-JOIN-04")
def test_a_join_is_timed(cloud: Cloud) -> None:
    """A guest's join time is when he came, and a join is his last access."""
    ann, sid = cloud.user(), cloud.user("sid@elsewhere.example")
    space = cloud.open_space(ann)
    cloud.freeze("2031-02-03T04:05:06.789Z")
    sid = cloud.user(sid.username)
    topic = cloud.call("GET", f"/spaces/{space}/join", sid).json()["topic"]
    observe([one["joinTime"] for one in topic["members"] if one["member"] == sid.id], ["2031-02-03T04:05:06.789Z"])
    observe(topic["lastAccess"], "2031-02-03T04:05:06.789Z")


@behaviour("SPACES-JOIN-04", "USERS-SPACES-08", "USERS-HIDE-04")
def test_only_the_first_join_is_an_activity(cloud: Cloud, sockets: Sockets) -> None:
    """The first join brings a space to the front, later ones do not; a hidden one is shown again, silently."""
    room = cloud.room()
    chat = sockets.join(room.member, room.id)
    later = cloud.space(room.admin, "Later")

    def listed() -> list[str]:
        return [item["_id"] for item in cloud.call("GET", "/users/me/spaces", room.admin).json()["data"]]

    expect(listed(), [later, room.id])
    cloud.call("GET", f"/spaces/{room.id}/join", room.stranger)
    expect(listed(), [room.id, later])
    cloud.call("POST", f"/spaces/{later}", room.admin, json={"title": "Later still"})
    cloud.call("GET", f"/spaces/{room.id}/join", room.stranger)
    observe(listed(), [later, room.id])
    cloud.call("POST", f"/users/me/spaces/{room.id}/hide", room.admin)
    observe(listed(), [later])
    cloud.call("GET", f"/spaces/{room.id}/join", room.admin)
    observe(listed(), [later, room.id])
    observe(chat.heard(), [])


@behaviour("SPACES-JOIN-01", "SPACES-JOIN-05", "PERM-PIN-01", "PERM-PIN-02", "PERM-PIN-04")
@pytest.mark.parametrize("path", ["join", "", "members"])
def test_a_protected_space_asks_for_its_pin(cloud: Cloud, path: str) -> None:
    """Without the PIN, and with a wrong one, a guest is refused with a hint at the header; an open space ignores it."""
    room = cloud.room(settings={"confPin": "1234"})
    for pin, code in ((None, "pin_required"), ("", "pin_required"), ("null", "pin_required"), ("1", "pin_wrong")):
        headers = {} if pin is None else {PIN: pin}
        answer = cloud.call("GET", f"/spaces/{room.id}/{path}", room.anonymous, headers=headers)
        expect(answer.status_code, 403)
        refused(answer, 403, f"space.{code}")
        observe(answer.json()["message"], NAMES_THE_HEADER)
    expect(cloud.call("GET", f"/spaces/{room.id}/{path}", room.anonymous, headers={PIN: "1234"}).status_code, 200)
    unprotected = cloud.open_space(room.admin)
    cloud.call("GET", f"/spaces/{unprotected}/join", room.anonymous)
    for pin in ("", "null", "1"):
        answer = cloud.call("GET", f"/spaces/{unprotected}/{path}", room.anonymous, headers={PIN: pin})
        expect(answer.status_code, 200)


@behaviour("PERM-PIN-03")
@pytest.mark.parametrize(("everybody", "asked"), [(True, {"guest", "anonymous", "stranger"}), (False, {"anonymous"})])
def test_who_is_asked_for_the_pin(cloud: Cloud, everybody: bool, asked: set[str]) -> None:  # noqa: FBT001 - a case
    """All guests, or anonymous ones only, as the space says; admins and members never."""
    room = cloud.room(settings={"confPin": "1234", "passwordRequired": {"allGuests": everybody}})
    for role in ("admin", "member", "guest", "anonymous", "stranger"):
        answer = cloud.call("GET", f"/spaces/{room.id}/join", getattr(room, role))
        observe(answer.status_code, 403 if role in asked else 200, role)


@behaviour("PERM-PIN-05")
def test_the_pin_can_be_limited_to_joining(cloud: Cloud) -> None:
    """A guest repeats the PIN on every read, unless the mock is set to ask at the join only; leaving never needs it."""
    room = cloud.room(settings={"confPin": "1234"})
    refused(cloud.call("GET", f"/spaces/{room.id}/members", room.guest), 403, "space.pin_required")
    cloud.configure({"rest.pin_scope": "join"})
    expect(cloud.call("GET", f"/spaces/{room.id}/members", room.guest).status_code, 200)
    refused(cloud.call("GET", f"/spaces/{room.id}/join", room.guest), 403, "space.pin_required")
    cloud.configure({"rest.pin_scope": "all"})
    path = f"/spaces/{room.id}/attendees/userId/{room.guest.id}"
    expect(cloud.call("DELETE", path, room.guest).status_code, 200)


@behaviour("SPACES-JOIN-06", "PERM-PRIV-01", "PERM-ARCH-01")
def test_who_cannot_join(cloud: Cloud) -> None:
    """A private space refuses strangers as such, a direct one any third person, an archived one new people only."""
    ann, bob, sid = cloud.user(), cloud.user("bob@example.com"), cloud.user("sid@elsewhere.example")
    direct = cloud.call("GET", f"/spaces/direct/user/{bob.id}", ann).json()["data"][0]["_id"]
    archived = cloud.open_space(ann, members=[{"username": bob.username}], archived=True)
    for space, code in (
        (cloud.private_space(ann), "space.members_only"),
        (direct, "permission.denied"),
        (archived, "topic.invalid_acesss_to_archived_topic"),
    ):
        refused(cloud.call("GET", f"/spaces/{space}/join", sid), 403, code)
    expect(cloud.call("GET", f"/spaces/{archived}/join", bob).status_code, 200)
    expect(cloud.call("GET", f"/spaces/{archived}/join", bob).json()["topic"]["lastAccess"], ISO_TIME)


@behaviour("SPACES-JOIN-06", "SPACES-CREATE-12")
def test_a_private_space_can_be_opened(cloud: Cloud) -> None:
    """By default nobody joins a new space by its id; after memberOnly is switched off anybody does."""
    ann, gil = cloud.user(), cloud.guest()
    space = cloud.space(ann)
    answer = cloud.call("GET", f"/spaces/{space}/join", gil)
    aside((answer.status_code, answer.json().get("code")), (403, "space.members_only"), of="SPACES-CREATE-12")
    cloud.call("POST", f"/spaces/{space}", ann, json={"settings": {"memberOnly": False}})
    observe(cloud.call("GET", f"/spaces/{space}/join", gil).status_code, 200)
    cloud.configure({"rest.default_member_only": False})
    observe(cloud.call("GET", f"/spaces/{cloud.space(ann)}/join", gil).status_code, 200)


@behaviour("SPACES-JOIN-03", "SPACES-CREATE-10")
def test_who_is_listed_by_address_only_has_his_role(cloud: Cloud) -> None:
    """An account that came to be after its address was invited has the role of that entry."""
    ann = cloud.user()
    domain = cloud.control("POST", "/companies", {"name": "Late"})["service_domain"]
    owner = cloud.user("lea@late.example", company="Late")
    invitees = [{"invitee": f"00ff00ff00ff00ff00ff@{domain}", "role": "admin"}]
    space, other = cloud.space(owner, invitees=invitees), cloud.space(ann, invitees=invitees)
    body = {"scopes": "all", "company": "Late", "app_id": "00ff00ff00ff00ff00ff"}
    made = cloud.control("POST", "/service-apps", body)
    bot = App(made["key"], made["account_id"])
    expect(cloud.call("GET", f"/spaces/{space}", bot).json()["role"], "admin")
    refused(cloud.call("GET", f"/spaces/{other}", bot), 403, "permission.other_company")
