import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import TEXT, TOKEN, Cloud, behaviour, refused


@behaviour("MEDIA-TOKEN-01", "MEDIA-TOKEN-02")
@pytest.mark.parametrize("query", ["", "?isCollab=true", "?isCollab=no"])
def test_a_token_for_the_media_server(cloud: Cloud, query: str) -> None:
    """The answer has a fresh session, a token and the conference number of the space, whatever isCollab says."""
    ann = cloud.user()
    space = cloud.space(ann)
    number = cloud.call("GET", f"/spaces/{space}", ann).json()["settings"]["confId"]
    answers = [cloud.call("GET", f"/mediasessions/mpaas/token/{space}{query}", ann) for _ in range(2)]
    with claim("MEDIA-TOKEN-01", "isCollab is of no matter", about=answers):
        expect([one.status_code for one in answers], [200, 200])
        expect(set(answers[0].json()), {"sessionId", "token", "confId"})
    with claim("MEDIA-TOKEN-02", "there are a session, a token and the number of the space", about=answers[:1]):
        expect(answers[0].json(), {"sessionId": TOKEN, "token": TEXT, "confId": number})
    with claim("MEDIA-TOKEN-02", "the session is another one each time", about=answers):
        observe(answers[0].json()["sessionId"] == answers[1].json()["sessionId"], wanted=False)


@behaviour("MEDIA-TOKEN-01", "MEDIA-TOKEN-03", "PERM-PIN-05")
def test_a_token_starts_nothing_and_is_for_participants(cloud: Cloud) -> None:
    """Asking for a token starts no meeting; strangers and guests without the PIN get none."""
    ann, gil = cloud.user(), cloud.guest()
    space = cloud.open_space(ann, settings={"confPin": "4711"})
    path, right = f"/mediasessions/mpaas/token/{space}", {"spaces-x-space-password": "4711"}
    with claim("MEDIA-TOKEN-03", "an admin gets a token"):
        expect(cloud.call("GET", path, ann).status_code, 200)
    with claim("MEDIA-TOKEN-03", "a token starts no meeting"):
        refused(cloud.call("GET", f"/spaces/{space}/activemeeting", ann), 404, "meeting.not_found")
    with claim("MEDIA-TOKEN-03", "in an unknown space there is none"):
        refused(cloud.call("GET", "/mediasessions/mpaas/token/nothing", ann), 404, "space.not_found")
    cloud.call("GET", f"/spaces/{space}/join", gil, headers=right)
    with claim("MEDIA-TOKEN-01", "PERM-PIN-05", "an anonymous guest who joined with the PIN is not asked again"):
        expect(cloud.call("GET", path, gil).status_code, 200)
    room = cloud.room(settings={"confPin": "4711"})
    path = f"/mediasessions/mpaas/token/{room.id}"
    with claim("MEDIA-TOKEN-03", "a member gets a token"):
        expect(cloud.call("GET", path, room.member).status_code, 200)
    with claim("MEDIA-TOKEN-03", "a stranger gets none"):
        refused(cloud.call("GET", path, room.stranger), 403, "permission.denied")
    with claim("MEDIA-TOKEN-03", "a guest with a wrong PIN gets none"):
        refused(cloud.call("GET", path, room.guest, headers={"spaces-x-space-password": "1"}), 403, "space.pin_wrong")
    with claim("MEDIA-TOKEN-03", "a guest with the PIN gets one"):
        expect(cloud.call("GET", path, room.guest, headers=right).status_code, 200)
