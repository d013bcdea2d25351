"""Two of something, a second time and the exact edge, of meetings."""

from contract_tests.claims import claim, expect
from contract_tests.kit import Cloud, behaviour, refused
from contract_tests.sockets import Sockets


@behaviour("MEET-MEDIA-04")
def test_whoever_has_left_is_nobody_to_be_muted_until_they_come_back(cloud: Cloud, sockets: Sockets) -> None:
    """While the meeting goes on without them they are still listed in it, but nothing can be asked of them."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.open_space(ann, members=[{"username": bob.username, "role": "member"}])
    own, other = sockets.join(ann, space), sockets.join(bob, space)
    for chat in (own, other):
        chat.media("tracksstatus", space, media={"connected": True})
    meeting = cloud.call("GET", f"/spaces/{space}/activemeeting", ann).json()["_id"]
    path = f"/spaces/{space}/meetings/{meeting}/attendees/user/{bob.id}/mediastate"
    with claim("MEET-MEDIA-04", "an attendee can be muted"):
        expect(cloud.call("POST", path, ann, json={"audio": False}).status_code, 200)
    other.media("video.end", space)
    with claim("MEET-MEDIA-04", "one who has left cannot"):
        refused(cloud.call("POST", path, ann, json={"audio": False}), 404, "user.not_found")
    other.media("tracksstatus", space, media={"connected": True})
    with claim("MEET-MEDIA-04", "one who has come back can"):
        expect(cloud.call("POST", path, ann, json={"audio": False}).status_code, 200)


@behaviour("DM-MEET-01")
def test_the_camera_of_any_device_makes_it_a_video_meeting(cloud: Cloud, sockets: Sockets) -> None:
    """It is told over the socket, by the second of two devices, and stays so after that one has gone."""
    ann = cloud.user()
    space = cloud.space(ann)
    first, second = sockets.join(ann, space), sockets.join(ann, space)
    modes = []
    for chat, media in ((first, {"audio": True}), (second, {"video": True}), (second, {"connected": False})):
        chat.media("tracksstatus", space, media={"connected": True, **media})
        modes.append(cloud.call("GET", f"/spaces/{space}/activemeeting", ann).json()["content"]["mediaMode"])
    with claim("DM-MEET-01", "it becomes one with the first camera"):
        expect(modes, ["audio", "video", "video"])
