import pytest

from contract_tests.claims import aside, expect, observe
from contract_tests.kit import ISO_TIME, OBJECT_ID, URL, Cloud, Like, behaviour, only_mock, refused

NO_CLAIMS_YET = True


NINE_DIGITS = Like("nine digits", r"\d{9}")
SETTINGS = {
    "confId": NINE_DIGITS,
    "confPin": "",
    "passwordRequired": {"allGuests": True},
    "allowPasswordInURL": False,
    "memberOnly": True,
    "mdSrv": "mpaas",
    "mdOpts": [],
    "mdProviders": ["mpaas"],
    "mdLic": ["video", "audio"],
    "autoStart": False,
    "hideAutoStartPrompt": False,
    "mpaasSettings": {
        "eventConference": {"enable": False},
        "mixerMode": "OPTIMIZED_PROCESSED",
        "maxResolution": "720P",
    },
    "contentCreation": "all",
}


@behaviour("SPACES-GET-01", "SPACES-CREATE-08", "DM-SPACE-01", "DM-SPACE-04", "DM-SPACE-06", "DM-SET-01")
@behaviour("DM-SET-02", "DM-SET-03", "DM-SET-04", "DM-SET-05", "DM-MEM-01", "DM-LIC-02")
def test_a_new_space_has_the_documented_members(cloud: Cloud) -> None:
    """A space is a bare object with settings, roster and what the caller keeps about it, with its defaults."""
    ann = cloud.user()
    space = cloud.space(ann, "Room")
    shown = cloud.call("GET", f"/spaces/{space}", ann).json()
    member = {
        "phone_numbers": [],
        "member": ann.id,
        "memberType": "userId",
        "role": "admin",
        "joinTime": ISO_TIME,
        "username": ann.username,
        "displayname": "Ann Example",
        "picture_url": URL,
    }
    private = shown["settings"]["memberOnly"]
    aside(private, wanted=True, of="DM-SET-02")
    expect(shown["settings"], {**SETTINGS, "memberOnly": private})
    expect(shown["members"], [member])
    observe(
        {name: value for name, value in shown.items() if name not in ("settings", "members")},
        {
            "_id": space,
            "cid": ann.id,
            "title": "Room",
            "description": "",
            "type": "group",
            "status": 0,
            "restrict": ["deny_guest_access_history_msg"],
            "msgRetention": {"retentionLength": 0, "retentionType": "forever", "notInheritParentPolicy": False},
            "created": ISO_TIME,
            "modified": ISO_TIME,
            "role": "admin",
            "isPinned": None,
            "notification": None,
            "lastAccess": None,
        },
    )
    expect(space, OBJECT_ID)


@behaviour("DM-LIC-02")
def test_a_space_of_an_unlicensed_owner_has_no_media_licence(cloud: Cloud) -> None:
    """Without a licence of the owner the list of media licences is empty, and nothing else differs."""
    cleo = cloud.user("cleo@example.com")
    shown = cloud.call("GET", f"/spaces/{cloud.space(cleo)}", cleo).json()
    private = shown["settings"]["memberOnly"]  # by the default of new groups, whatever that is
    observe(shown["settings"], {**SETTINGS, "mdLic": [], "memberOnly": private})


@behaviour("PERM-PIN-06", "SPACES-GET-01", "SPACES-JOIN-02", "USERS-SPACES-09")
def test_the_pin_is_shown_to_admins_and_members_only(cloud: Cloud) -> None:
    """Single space, join and list show the PIN to admins and members, and an empty one to guests."""
    room = cloud.room(settings={"confPin": "1234"})
    for who, pin in ((room.admin, "1234"), (room.member, "1234"), (room.guest, ""), (room.anonymous, "")):
        headers = {"spaces-x-space-password": "1234"}
        got = cloud.call("GET", f"/spaces/{room.id}", who, headers=headers).json()
        joined = cloud.call("GET", f"/spaces/{room.id}/join", who, headers=headers).json()["topic"]
        listed = cloud.call("GET", "/users/me/spaces", who).json()["data"][0]
        observe([shown["settings"]["confPin"] for shown in (got, joined, listed)], [pin] * 3)


@behaviour("SPACES-GET-02", "PERM-PRIV-01")
@pytest.mark.parametrize(("private", "code"), [(True, "space.members_only"), (False, "permission.denied")])
def test_strangers_may_not_read_a_space(cloud: Cloud, private: bool, code: str) -> None:  # noqa: FBT001 - a case
    """A stranger is refused at a private space as such, and at an open one because he has not joined."""
    ann, sid = cloud.user(), cloud.user("sid@elsewhere.example")
    space = cloud.open_space(ann, settings={"memberOnly": private})
    refused(cloud.call("GET", f"/spaces/{space}", sid), 403, code)


@behaviour("SPACES-GET-02")
@pytest.mark.parametrize("space", ["f" * 24, "nonsense", "%2e%2e"])
def test_an_unknown_space_is_not_found(cloud: Cloud, space: str) -> None:
    """Unknown and malformed ids are answered alike."""
    refused(cloud.call("GET", f"/spaces/{space}", cloud.user()), 404, "space.not_found")


@behaviour("SPACES-GET-03", "SCOPE-TAB-02")
@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("member", 403), ("guest", 403)])
def test_a_service_app_reads_spaces_that_it_administers(cloud: Cloud, role: str, status: int) -> None:
    """The scope for settings wants the service account to be admin."""
    only_mock(cloud, "nobody invites a service account of a real service")
    ann, bot = cloud.user(), cloud.app("spaces.settings.read")
    space = cloud.space(ann, invitees=[{"invitee": bot.account_id, "role": role}])
    expect(cloud.call("GET", f"/spaces/{space}", bot).status_code, status)


@behaviour("SPACES-CREATEOLD-01", "SPACES-CREATEOLD-02")
def test_the_old_way_to_create_a_space(cloud: Cloud) -> None:
    """The old call answers the bare space with its members, and sends no e-mail."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    members = [{"member": bob.id, "memberType": "userid", "role": "member"}]
    body = {"cid": ann.id, "title": "Old", "description": "way", "members": members}
    answer = cloud.call("POST", "/topics", ann, json=body)
    expect(answer.status_code, 200)
    shown = answer.json()
    observe((shown["title"], shown["description"], shown["cid"]), ("Old", "way", ann.id))
    observe({one["member"]: one["role"] for one in shown["members"]}, {ann.id: "admin", bob.id: "member"})
    observe(cloud.control("GET", "/outbox")["data"], [])
    refused(cloud.call("POST", "/spaces", ann, json={**body, "cid": bob.id}), 403, "permission.denied")
    refused(cloud.call("POST", "/spaces", ann, json={**body, "title": " "}), 400, "request.invalid")
    refused(cloud.call("POST", "/spaces", cloud.guest(), json=body), 403, "auth.kind_not_allowed")
