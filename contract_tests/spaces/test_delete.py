import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import Cloud, behaviour, refused
from contract_tests.sockets import Sockets

NO_CLAIMS_YET = True


@behaviour("SPACES-DELETE-01", "SPACES-DELETE-02", "SPACES-DELETE-04")
def test_a_deleted_space_is_gone(cloud: Cloud) -> None:
    """After the deletion its id is unknown everywhere, it is in no list, and messages and invites are gone."""
    room = cloud.room()
    invited = cloud.call("POST", f"/spaces/{room.id}/invite", room.admin, json={"invitees": [{"invitee": "a@b.c"}]})
    invite, message = invited.json()["data"][0]["_id"], cloud.message(room.id, room.admin)["_id"]
    answer = cloud.call("DELETE", f"/topics/{room.id}", room.admin, content=b"ignored")
    expect(answer.status_code, 200)
    observe(answer.json(), {"_id": room.id, "status": 2})
    refused(cloud.call("DELETE", f"/spaces/{room.id}", room.admin), 404, "space.not_found")
    refused(cloud.call("GET", f"/spaces/{room.id}", room.stranger), 404, "space.not_found")
    refused(cloud.call("GET", f"/spaces/invites/{invite}/join", room.guest), 404, "invite.not_found")
    refused(cloud.call("GET", f"/messages/{message}", room.admin), 404, "message.not_found")
    listed = cloud.call("GET", "/users/me/spaces?topicstatus=all&includedeleted=true", room.member)
    observe(listed.json()["data"], [])


@behaviour("SPACES-DELETE-03", "RT-REST-03")
def test_a_deletion_is_announced_and_ends_subscriptions(cloud: Cloud, sockets: Sockets) -> None:
    """Subscribers get the update with status 2, then their subscription ends; a running meeting ends before that."""
    room = cloud.room()
    cloud.meeting(room.id, room.admin)
    chat = sockets.join(room.guest, room.id)
    cloud.call("DELETE", f"/spaces/{room.id}", room.admin)
    heard = chat.heard()
    observe([name for name, _payload in heard][-2:], ["MESSAGE_SENT", "CHANNEL_UNSUBSCRIBED"])
    updated, closed = heard[-2][1], heard[-1][1]
    observe((updated["category"], updated["content"]["status"]), ("topic.updated", 2))
    observe(closed["channel"]["_id"], room.id)
    ended = [payload["category"] for name, payload in heard[:-2] if name == "MEDIA_SESSION_RESPONSE"]
    observe(ended[-1:], ["app.event.meeting.ended"])


@behaviour("SPACES-DELETE-04", "PERM-DIR-01")
def test_what_cannot_be_deleted(cloud: Cloud) -> None:
    """Direct spaces and personal rooms stay."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    direct = cloud.call("GET", f"/spaces/direct/user/{bob.id}", ann).json()["data"][0]["_id"]
    own = cloud.call("GET", f"/users/meetingroom/{ann.username}", ann).json()["data"]["_id"]
    refused(cloud.call("DELETE", f"/spaces/{direct}", ann), 403, "space.direct_not_allowed")
    refused(cloud.call("DELETE", f"/spaces/{own}", ann), 403, "permission.denied")


@behaviour("PERM-MAP-03", "PERM-MAP-10")
@pytest.mark.parametrize("role", ["member", "guest", "anonymous"])
def test_only_admins_delete_a_space(cloud: Cloud, role: str) -> None:
    """Members and guests are refused, and being an admin of the company is no help."""
    room = cloud.room()
    refused(cloud.call("DELETE", f"/spaces/{room.id}", getattr(room, role)), 403, "permission.denied")


@behaviour("PERM-MAP-10")
def test_company_admins_have_no_rights_in_spaces_of_others(cloud: Cloud) -> None:
    """An admin of the company is a stranger in the spaces of his people."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    observe(cloud.call("GET", "/users/me", ann).json()["permissions"][-1], "IT_ADMIN_PERMISSION_GROUP")
    refused(cloud.call("GET", f"/spaces/{cloud.private_space(bob)}", ann), 403, "space.members_only")
