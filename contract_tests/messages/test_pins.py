"""The PIN of a protected space, where one reads what others say of a post or task in it."""

import pytest

from contract_tests.claims import claim, expect
from contract_tests.kit import Cloud, behaviour, refused

PIN = {"spaces-x-space-password": "4711"}


@behaviour("PERM-PIN-05")
@pytest.mark.parametrize("kind", ["ideas", "tasks"])
def test_lists_of_comments_ask_for_the_pin_once(cloud: Cloud, kind: str) -> None:
    """Who has sent the PIN when they joined reads the comments without it; who was only invited is asked."""
    ann, gil, gus = cloud.user(), cloud.guest(), cloud.user("gus@example.com")
    space = cloud.open_space(ann, settings={"confPin": "4711"})
    comments = f"/{kind}/{cloud.message(space, ann, kind=kind)['_id']}/messages"
    cloud.call("GET", f"/spaces/{space}/join", gil, headers=PIN)
    with claim("PERM-PIN-05", "who joined with the PIN is not asked again"):
        expect(cloud.call("GET", comments, gil).status_code, 200)
    cloud.call("POST", f"/spaces/{space}/invite", ann, json={"invitees": [{"invitee": gus.id, "role": "guest"}]})
    with claim("PERM-PIN-05", "a guest who was invited but has not joined is asked"):
        refused(cloud.call("GET", comments, gus), 403, "space.pin_required")
    with claim("PERM-PIN-05", "the PIN lets them read"):
        expect(cloud.call("GET", comments, gus, headers=PIN).status_code, 200)
