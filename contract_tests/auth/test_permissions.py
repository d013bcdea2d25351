import httpx
import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, Person, behaviour, refused

PIN_HEADER = b"spaces-x-space-password"


def join(cloud: Cloud, space: str, who: Person, *pins: bytes) -> httpx.Response:
    headers = [(b"Authorization", who.authorization.encode()), *((PIN_HEADER, pin) for pin in pins)]
    return cloud.http.get(f"{cloud.api}/spaces/{space}/join", headers=headers)


@behaviour("PERM-PIN-04", "PERM-PIN-01")
@pytest.mark.parametrize(
    ("pins", "code"),
    [
        ((), "space.pin_required"),
        ((b"",), "space.pin_required"),
        ((b"null",), "space.pin_required"),
        ((b"NULL",), "space.pin_wrong"),
        ((b"undefined",), "space.pin_wrong"),
        ((b"12345",), "space.pin_wrong"),
        ((b"123",), "space.pin_wrong"),
        ((b"01234",), "space.pin_wrong"),
        ((b'"1234"',), "space.pin_wrong"),
        ((b"1234", b"1234"), "space.pin_wrong"),
        ((b"0000", b"1234"), "space.pin_wrong"),
        ((b"\xff\xfe",), "space.pin_wrong"),
        ((b"1" * 20_000,), "space.pin_wrong"),
    ],
)
def test_the_pin_is_compared_exactly(cloud: Cloud, pins: tuple[bytes, ...], code: str) -> None:
    """Nothing but the PIN itself, sent once, opens a protected space, and a refused guest has not joined."""
    owner = cloud.jwt_user()
    space = cloud.open_space(owner, settings={"confPin": "1234"})
    guest = cloud.guest()
    with claim("PERM-PIN-04", "PERM-PIN-01", "it is refused with 403"):
        answer = join(cloud, space, guest, *pins)
        expect(answer.status_code, 403)
        refused(answer, 403, code)
    with claim("PERM-PIN-04", "the code tells what was wrong", about=[answer]):
        observe(answer.json()["code"], code)
    with claim("PERM-PIN-04", "the message names the header", about=[answer]):
        assert "spaces-x-space-password" in answer.json()["message"]
    with claim("PERM-PIN-01", "who was refused has not joined"):
        observe(len(cloud.call("GET", f"/spaces/{space}", owner).json()["members"]), 1)


@behaviour("PERM-PIN-04", "PERM-PIN-01")
def test_the_pin_opens_the_door(cloud: Cloud) -> None:
    """The PIN itself, sent once, lets a guest in."""
    space = cloud.open_space(cloud.jwt_user(), settings={"confPin": "1234"})
    guest = cloud.guest()
    with claim("PERM-PIN-04", "PERM-PIN-01", "the PIN lets a guest in"):
        expect(join(cloud, space, guest, b"1234").status_code, 200)


@behaviour("PERM-PIN-01")
@pytest.mark.parametrize("coding", ["utf-8", "latin-1"])
def test_a_pin_beyond_ascii_can_be_sent(cloud: Cloud, coding: str) -> None:
    """A PIN with an accent is understood as UTF-8 and as Latin-1."""
    space = cloud.open_space(cloud.jwt_user(), settings={"confPin": "été"})
    guest = cloud.guest()
    with claim("PERM-PIN-01", "it lets a guest in"):
        observe(join(cloud, space, guest, "été".encode(coding)).status_code, 200)


@behaviour("PERM-PIN-02")
@pytest.mark.parametrize("pin", [b"", b"null", b"1234", b"\xff", b"x" * 9000])
def test_a_pin_at_an_open_door_is_ignored(cloud: Cloud, pin: bytes) -> None:
    """An unprotected space takes any value of the header."""
    space, guest = cloud.open_space(cloud.jwt_user()), cloud.guest()
    with claim("PERM-PIN-02", "it is ignored"):
        expect(join(cloud, space, guest, pin).status_code, 200)


@behaviour("PERM-MAP-10", "PERM-PRIV-01")
def test_a_company_admin_is_a_stranger_in_the_spaces_of_others(cloud: Cloud) -> None:
    """Being admin of the company opens no space of a colleague."""
    space = cloud.private_space(cloud.jwt_user("bob@example.com"))
    admin = cloud.jwt_user()
    with claim("PERM-MAP-10", "a company admin has permissions of his own"):
        assert "IT_ADMIN_PERMISSION_GROUP" in cloud.call("GET", "/users/me", admin).json()["permissions"]
    calls = {"read": ("GET", f"/spaces/{space}"), "join": ("GET", f"/spaces/{space}/join")}
    for what, (method, path) in {**calls, "delete": ("DELETE", f"/spaces/{space}")}.items():
        with claim("PERM-MAP-10", "PERM-PRIV-01", f"he may not {what} a private space of a colleague"):
            refused(cloud.call(method, path, admin), 403, "space.members_only")


@behaviour("PERM-MAP-01", "PERM-MAP-02", "PERM-MAP-03")
@pytest.mark.parametrize(
    ("role", "reads", "invites", "changes"),
    [("admin", 200, 200, 200), ("member", 200, 200, 403), ("guest", 200, 403, 403)],
)
def test_what_the_roles_may_do(cloud: Cloud, role: str, reads: int, invites: int, changes: int) -> None:
    """Everybody in a space reads it, admins and members invite, admins change it; the reason names the roles."""
    ann, bob = cloud.jwt_user(), cloud.jwt_user("bob@example.com")
    space = cloud.open_space(ann, members=[{"username": bob.username, "role": role}])
    with claim("PERM-MAP-01", f"reading is answered {reads}"):
        expect(cloud.call("GET", f"/spaces/{space}", bob).status_code, reads)
    body = {"invitees": [{"invitee": "x@else.example"}], "informChannel": "client"}
    with claim("PERM-MAP-02", f"inviting is answered {invites}"):
        expect(cloud.call("POST", f"/spaces/{space}/invite", bob, json=body).status_code, invites)
    with claim("PERM-MAP-03", f"changing is answered {changes}"):
        answer = cloud.call("POST", f"/spaces/{space}", bob, json={"title": "New"})
        expect(answer.status_code, changes)
        if changes == 403:
            refused(answer, 403, "permission.denied")
            cloud.explains("admin", role, path=f"/api/spaces/{space}", method="POST", status=403)
