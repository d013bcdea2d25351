import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import ISO_TIME, OBJECT_ID, URL, Cloud, Like, behaviour, refused

NINE_DIGITS = Like("nine digits", r"\d{9}")
ACCESS = {  # DM-SET-01
    "confId": NINE_DIGITS,
    "confPin": "",
    "passwordRequired": {"allGuests": True},
    "allowPasswordInURL": False,
}
MEDIA = {  # DM-SET-03
    "mdSrv": "mpaas",
    "mdOpts": [],
    "mdProviders": ["mpaas"],
    "autoStart": False,
    "hideAutoStartPrompt": False,
}
LICENSED = ["video", "audio"]
CONFERENCE = {  # DM-SET-04
    "eventConference": {"enable": False},
    "mixerMode": "OPTIMIZED_PROCESSED",
    "maxResolution": "720P",
}


@behaviour("SPACES-GET-01", "SPACES-CREATE-08", "DM-SPACE-01", "DM-SPACE-04", "DM-SPACE-06", "DM-SET-01")
@behaviour("DM-SET-02", "DM-SET-03", "DM-SET-04", "DM-SET-05", "DM-MEM-01", "DM-LIC-02")
def test_a_new_space_has_the_documented_members(cloud: Cloud) -> None:
    """A space is a bare object with settings, roster and what the caller keeps about it, with its defaults."""
    ann = cloud.user()
    space = cloud.space(ann, "Room")
    shown = cloud.call("GET", f"/spaces/{space}", ann).json()
    with claim("SPACES-GET-01", "it is a bare object with settings and members"):
        expect((shown["_id"], shown["title"]), (space, "Room"))
        expect((type(shown["settings"]), type(shown["members"])), (dict, list))
    with claim("SPACES-GET-01", "it is merged with what the caller keeps about it"):
        merged = {name: shown[name] for name in ("role", "isPinned", "notification", "lastAccess")}
        observe(merged, {"role": "admin", "isPinned": None, "notification": None, "lastAccess": None})
    with claim("DM-SPACE-01", "_id, cid and title are those of who made it, the description is empty"):
        expect((shown["_id"], shown["cid"]), (OBJECT_ID, ann.id))
        observe((shown["title"], shown["description"]), ("Room", ""))
    with claim("DM-SPACE-01", "created and modified are times"):
        observe((shown["created"], shown["modified"]), (ISO_TIME, ISO_TIME))
    with claim("SPACES-GET-01", "its type is group, its status 0"):
        observe((shown["type"], shown["status"]), ("group", 0))
    with claim("DM-SPACE-04", "guests see no history by default"):
        observe(shown["restrict"], ["deny_guest_access_history_msg"])
    with claim("DM-SPACE-06", "messages are kept for ever by default"):
        retention = {"retentionLength": 0, "retentionType": "forever", "notInheritParentPolicy": False}
        observe(shown["msgRetention"], retention)
    with claim("SPACES-GET-01", "it has no other members"):
        more = {"created", "modified", "restrict", "msgRetention", "settings", "members", "role", "isPinned"}
        named = {"_id", "cid", "title", "description", "type", "status", "notification", "lastAccess"}
        observe(set(shown), named | more)
    settings = shown["settings"]
    with claim("DM-SET-01", "number, PIN and who needs it have their defaults"):
        expect({name: settings[name] for name in ACCESS}, ACCESS)
    with claim("DM-SET-02", "a new group is private"):
        observe(settings["memberOnly"], wanted=True)
    with claim("DM-SET-03", "the settings for media have their defaults"):
        expect({name: settings[name] for name in MEDIA}, MEDIA)
    with claim("DM-SET-03", "DM-LIC-02", "the owner's licence is that for video and audio"):
        expect(settings["mdLic"], LICENSED)
    with claim("DM-SET-04", "the settings of conferences have their defaults"):
        expect(settings["mpaasSettings"], CONFERENCE)
    with claim("DM-SET-05", "all may create content"):
        observe(settings["contentCreation"], "all")
    with claim("SPACES-CREATE-08", "there are no other settings"):
        observe(set(settings), {*ACCESS, *MEDIA, "memberOnly", "mdLic", "mpaasSettings", "contentCreation"})
    with claim("SPACES-CREATE-08", "the caller is admin, and alone"):
        expect([(one["member"], one["role"]) for one in shown["members"]], [(ann.id, "admin")])
    name = cloud.call("GET", "/users/me", ann).json()["displayname"]
    with claim("DM-MEM-01", "an entry of the roster has the documented members and no others"):
        member = {
            "phone_numbers": [],
            "member": ann.id,
            "memberType": "userId",
            "role": "admin",
            "joinTime": ISO_TIME,
            "username": ann.username,
            "displayname": name,
            "picture_url": URL,
        }
        expect(shown["members"], [member])


@behaviour("DM-LIC-02")
def test_a_space_of_an_unlicensed_owner_has_no_media_licence(cloud: Cloud) -> None:
    """Without a licence of the owner the list of media licences is empty, and nothing else differs."""
    cleo = cloud.user("cleo@example.com")
    settings = cloud.call("GET", f"/spaces/{cloud.space(cleo)}", cleo).json()["settings"]
    with claim("DM-LIC-02", "the list of media licences is empty"):
        observe(settings["mdLic"], [])
    with claim("DM-LIC-02", "nothing else differs"):
        private = settings["memberOnly"]  # by the default of new groups, whatever that is
        others = {**ACCESS, **MEDIA, "mpaasSettings": CONFERENCE, "contentCreation": "all", "memberOnly": private}
        observe({name: value for name, value in settings.items() if name != "mdLic"}, others)


@behaviour("PERM-PIN-06", "SPACES-GET-01", "SPACES-JOIN-02", "USERS-SPACES-09")
@pytest.mark.parametrize(("role", "pin"), [("admin", "1234"), ("member", "1234"), ("guest", ""), ("anonymous", "")])
def test_the_pin_is_shown_to_admins_and_members_only(cloud: Cloud, role: str, pin: str) -> None:
    """Single space, join and list show the PIN to admins and members, and an empty one to guests."""
    room = cloud.room(settings={"confPin": "1234"})
    who, headers = getattr(room, role), {"spaces-x-space-password": "1234"}
    with claim("PERM-PIN-06", "SPACES-GET-01", "the single space shows it so"):
        got = cloud.call("GET", f"/spaces/{room.id}", who, headers=headers).json()
        observe(got["settings"]["confPin"], pin)
    with claim("PERM-PIN-06", "SPACES-JOIN-02", "the answer to a join shows it so"):
        joined = cloud.call("GET", f"/spaces/{room.id}/join", who, headers=headers).json()
        observe(joined["topic"]["settings"]["confPin"], pin)
    with claim("PERM-PIN-06", "USERS-SPACES-09", "the list of spaces shows it so"):
        listed = cloud.call("GET", "/users/me/spaces", who).json()["data"]
        observe([one["settings"]["confPin"] for one in listed if one["_id"] == room.id], [pin])


@behaviour("SPACES-GET-02", "PERM-PRIV-01")
@pytest.mark.parametrize("anonymous", [False, True], ids=["registered", "anonymous"])
def test_strangers_read_open_spaces_only(cloud: Cloud, anonymous: bool) -> None:  # noqa: FBT001 - a case
    """A stranger reads an open space, which makes them no participant, and is refused at a private one."""
    ann = cloud.user()
    stranger = cloud.guest() if anonymous else cloud.user("sid@elsewhere.example")
    opened, private = cloud.open_space(ann), cloud.private_space(ann)
    with claim("PERM-PRIV-01", "a stranger reads an open space"):
        answer = cloud.call("GET", f"/spaces/{opened}", stranger)
        expect(answer.status_code, 200)
        observe((answer.json()["role"], answer.json()["isPinned"]), (None, None))
    with claim("PERM-PRIV-01", "that makes nobody a participant"):
        roster = cloud.call("GET", f"/spaces/{opened}/members", ann).json()["data"]
        observe([one["member"] for one in roster], [ann.id])
    with claim("SPACES-GET-02", "PERM-PRIV-01", "a stranger is refused at a private space"):
        refused(cloud.call("GET", f"/spaces/{private}", stranger), 403, "space.members_only")


@behaviour("SPACES-GET-02")
@pytest.mark.parametrize("space", ["f" * 24, "nonsense", "%2e%2e"])
def test_an_unknown_space_is_not_found(cloud: Cloud, space: str) -> None:
    """Unknown and malformed ids are answered alike."""
    user = cloud.user()
    with claim("SPACES-GET-02", "it is not found"):
        refused(cloud.call("GET", f"/spaces/{space}", user), 404, "space.not_found")


@behaviour("SPACES-GET-03", "SCOPE-TAB-02")
@pytest.mark.parametrize("role", ["admin", "member", "guest"])
def test_a_service_app_reads_spaces_that_it_administers(cloud: Cloud, role: str) -> None:
    """The scope for settings wants the service account to be admin."""
    bot = cloud.app("spaces.settings.read")
    space = cloud.space(cloud.user(), invitees=[{"invitee": bot.key["sub"], "role": role}])
    with claim("SPACES-GET-03", "SCOPE-TAB-02", "as admin it reads, else it is refused"):
        answer = cloud.call("GET", f"/spaces/{space}", bot)
        if role == "admin":
            expect(answer.status_code, 200)
        else:
            refused(answer, 403, "permission.denied")


@behaviour("SPACES-CREATEOLD-01", "SPACES-CREATEOLD-02")
def test_the_old_way_to_create_a_space(cloud: Cloud) -> None:
    """The old call answers the bare space with its members, and sends no e-mail."""
    gil, ann = cloud.guest(), cloud.user()
    body = {"cid": ann.id, "title": "Old", "description": "way"}
    with claim("SPACES-CREATEOLD-02", "an anonymous caller is refused"):
        refused(cloud.call("POST", "/spaces", gil, json=body), 403, "auth.kind_not_allowed")
    with claim("SPACES-CREATEOLD-02", "a blank title is refused"):
        refused(cloud.call("POST", "/spaces", ann, json={**body, "title": " "}), 400, "request.invalid")
    bob = cloud.user("bob@example.com")
    with claim("SPACES-CREATEOLD-02", "a space of somebody else is refused"):
        refused(cloud.call("POST", "/spaces", ann, json={**body, "cid": bob.id}), 403, "permission.denied")
    members = [{"member": bob.id, "memberType": "userid", "role": "member"}]
    answer = cloud.call("POST", "/topics", ann, json={**body, "members": members})
    with claim("SPACES-CREATEOLD-02", "the answer is the bare space", about=[answer]):
        expect(answer.status_code, 200)
        expect(answer.json()["_id"], OBJECT_ID)
    with claim("SPACES-CREATEOLD-01", "it has title, description and owner as sent", about=[answer]):
        shown = answer.json()
        observe((shown["title"], shown["description"], shown["cid"]), ("Old", "way", ann.id))
    with claim("SPACES-CREATEOLD-01", "the members that are sent are in it", about=[answer]):
        roster = {one["member"]: one["role"] for one in answer.json()["members"]}
        observe(roster, {ann.id: "admin", bob.id: "member"})
    mails = cloud.control("GET", "/outbox")["data"]
    with claim("SPACES-CREATEOLD-02", "nobody gets an e-mail"):
        observe(mails, [])
