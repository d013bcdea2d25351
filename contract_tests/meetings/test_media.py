import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import TEXT, Cloud, Like, behaviour, refused

NO_CLAIMS_YET = True


UUID = Like("uuid", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@behaviour("MEDIA-TOKEN-01", "MEDIA-TOKEN-02")
@pytest.mark.parametrize("query", ["", "?isCollab=true"])
def test_a_token_for_the_media_server(cloud: Cloud, query: str) -> None:
    """The answer has a fresh session, a token and the conference number of the space, whatever isCollab says."""
    ann = cloud.user()
    space = cloud.space(ann)
    number = cloud.call("GET", f"/spaces/{space}", ann).json()["settings"]["confId"]
    answers = [cloud.call("GET", f"/mediasessions/mpaas/token/{space}{query}", ann) for _ in range(2)]
    expect([one.status_code for one in answers], [200, 200])
    expect(answers[0].json(), {"sessionId": UUID, "token": TEXT, "confId": number})
    observe(answers[0].json()["sessionId"] == answers[1].json()["sessionId"], wanted=False)


@behaviour("MEDIA-TOKEN-03", "MEDIA-TOKEN-01")
def test_a_token_starts_nothing_and_is_for_participants(cloud: Cloud) -> None:
    """Asking for a token starts no meeting; strangers and guests without the PIN get none."""
    room = cloud.room(settings={"confPin": "4711"})
    path = f"/mediasessions/mpaas/token/{room.id}"
    expect(cloud.call("GET", path, room.member).status_code, 200)
    refused(cloud.call("GET", f"/spaces/{room.id}/activemeeting", room.member), 404, "meeting.not_found")
    refused(cloud.call("GET", path, room.stranger), 403, "permission.denied")
    refused(cloud.call("GET", path, room.anonymous), 403, "space.pin_required")
    refused(cloud.call("GET", path, room.guest, headers={"spaces-x-space-password": "1"}), 403, "space.pin_wrong")
    right = cloud.call("GET", path, room.guest, headers={"spaces-x-space-password": "4711"})
    expect(right.status_code, 200)
    refused(cloud.call("GET", "/mediasessions/mpaas/token/nothing", room.member), 404, "space.not_found")
