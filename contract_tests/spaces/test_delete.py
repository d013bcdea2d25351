from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, Person, behaviour, refused
from contract_tests.sockets import Sockets, begin_meeting, direct_space


@behaviour("SPACES-DELETE-01", "SPACES-DELETE-02", "SPACES-DELETE-04")
def test_a_deleted_space_is_gone(cloud: Cloud) -> None:
    """After the deletion its id is unknown everywhere, it is in no list, and messages and invites are gone."""
    ann, gil = cloud.user(), cloud.guest()
    space = cloud.open_space(ann)
    invited = cloud.call("POST", f"/spaces/{space}/invite", ann, json={"invitees": [{"invitee": "a@b.c"}]})
    invite, message = invited.json()["data"][0]["_id"], cloud.message(space, ann)["_id"]
    answer = cloud.call("DELETE", f"/topics/{space}", ann, content=b"ignored")
    with claim("SPACES-DELETE-04", "a body is ignored", about=[answer]):
        expect(answer.status_code, 200)
    with claim("SPACES-DELETE-01", "the answer is an object of id and status 2", about=[answer]):
        observe(answer.json(), {"_id": space, "status": 2})
    with claim("SPACES-DELETE-04", "a second deletion finds nothing"):
        refused(cloud.call("DELETE", f"/spaces/{space}", ann), 404, "space.not_found")
    with claim("SPACES-DELETE-02", "the id is unknown, to strangers too"):
        refused(cloud.call("GET", f"/spaces/{space}", gil), 404, "space.not_found")
    with claim("SPACES-DELETE-02", "its invites are gone"):
        refused(cloud.call("GET", f"/spaces/invites/{invite}/join", gil), 404, "invite.not_found")
    with claim("SPACES-DELETE-02", "its messages are gone"):
        refused(cloud.call("GET", f"/messages/{message}", ann), 404, "message.not_found")
    with claim("SPACES-DELETE-02", "it is in no list of its owner"):
        observe(spaces_of(cloud, ann).count(space), 0)
    mia = cloud.user("mia@example.com")
    other = cloud.open_space(ann, members=[{"username": mia.username, "role": "member"}])
    cloud.call("DELETE", f"/spaces/{other}", ann)
    with claim("SPACES-DELETE-02", "it is in no list of a member"):
        observe(spaces_of(cloud, mia).count(other), 0)


def spaces_of(cloud: Cloud, who: Person) -> list[str]:
    """Return the ids of somebody's list of spaces, those that were deleted included."""
    listed = cloud.call("GET", "/users/me/spaces?topicstatus=all&includedeleted=true&size=50", who)
    return [one["_id"] for one in listed.json()["data"]]


@behaviour("SPACES-DELETE-03", "RT-REST-03")
def test_a_deletion_is_announced_and_ends_subscriptions(cloud: Cloud, sockets: Sockets) -> None:
    """Subscribers get the update with status 2, then their subscription ends; a running meeting ends before that."""
    ann, gil = cloud.user(), cloud.guest()
    space = cloud.open_space(ann)
    begin_meeting(cloud, sockets, space, ann)
    chat = sockets.join(gil, space)
    cloud.call("DELETE", f"/spaces/{space}", ann)
    heard = chat.heard()
    with claim("SPACES-DELETE-03", "RT-REST-03", "an update, then the end of the subscription come last"):
        observe([name for name, _payload in heard][-2:], ["MESSAGE_SENT", "CHANNEL_UNSUBSCRIBED"])
    with claim("SPACES-DELETE-03", "RT-REST-03", "the update has status 2"):
        updated = heard[-2][1]
        observe((updated["category"], updated["content"]["status"]), ("topic.updated", 2))
    with claim("SPACES-DELETE-03", "RT-REST-03", "the subscription that ends is that of the space"):
        observe(heard[-1][1]["channel"]["_id"], space)
    with claim("SPACES-DELETE-03", "a running meeting is ended before that"):
        ended = [payload["category"] for name, payload in heard[:-2] if name == "MEDIA_SESSION_RESPONSE"]
        observe(ended[-1:], ["app.event.meeting.ended"])


@behaviour("SPACES-DELETE-04", "PERM-DIR-01")
def test_what_cannot_be_deleted(cloud: Cloud) -> None:
    """Direct spaces and personal rooms stay."""
    ann = cloud.user()
    own = cloud.call("GET", f"/users/meetingroom/{ann.username}", ann).json()["data"]["_id"]
    with claim("SPACES-DELETE-04", "a personal room cannot be deleted"):
        refused(cloud.call("DELETE", f"/spaces/{own}", ann), 403, "permission.denied")
    direct = direct_space(cloud, ann, cloud.user("bob@example.com"))
    with claim("SPACES-DELETE-04", "PERM-DIR-01", "a direct space cannot be deleted"):
        refused(cloud.call("DELETE", f"/spaces/{direct}", ann), 403, "space.direct_not_allowed")


@behaviour("PERM-MAP-03")
def test_only_admins_delete_a_space(cloud: Cloud) -> None:
    """Members and guests are refused."""
    ann, gil = cloud.user(), cloud.guest()
    space = cloud.open_space(ann)
    cloud.call("GET", f"/spaces/{space}/join", gil)
    with claim("PERM-MAP-03", "an anonymous guest may not delete a space"):
        refused(cloud.call("DELETE", f"/spaces/{space}", gil), 403, "permission.denied")
    for role in ("member", "guest"):
        bob = cloud.user("bob@example.com")
        space = cloud.open_space(ann, members=[{"username": bob.username, "role": role}])
        with claim("PERM-MAP-03", f"{role} may not delete a space"):
            refused(cloud.call("DELETE", f"/spaces/{space}", bob), 403, "permission.denied")


@behaviour("PERM-MAP-10")
def test_company_admins_have_no_rights_in_spaces_of_others(cloud: Cloud) -> None:
    """An admin of the company is a stranger in the spaces of its people."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    assert cloud.call("GET", "/users/me", ann).json()["permissions"][-1] == "IT_ADMIN_PERMISSION_GROUP"
    space = cloud.private_space(bob)
    with claim("PERM-MAP-10", "a company admin may not read a private space"):
        refused(cloud.call("GET", f"/spaces/{space}", ann), 403, "space.members_only")
    with claim("PERM-MAP-10", "a company admin may not delete a private space"):
        refused(cloud.call("DELETE", f"/spaces/{space}", ann), 403, "space.members_only")
