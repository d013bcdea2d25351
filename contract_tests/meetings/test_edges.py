"""Two of something, a second time and the exact edge, of meetings."""

from typing import Any

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, Person, behaviour, refused
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


@behaviour(
    "MEET-LAYOUT-01",
    "MEET-REC-01",
    "MEET-REC-03",
    "MEET-RECSTOP-01",
    "MEET-RECSTOP-03",
    "MEET-ACTIVE-01",
    "DM-MEET-02",
    "DM-MEET-03",
)
def test_two_meetings_are_acted_on_apart(cloud: Cloud, sockets: Sockets) -> None:
    """Layout, recordings and parties of the meetings of two spaces are told apart, and once more after an end."""
    ann, mia = cloud.user(), cloud.user("mia@example.com")
    rosters = {ann: mia, mia: ann}
    spaces = {
        who: cloud.open_space(who, members=[{"username": other.username, "role": "member"}])
        for who, other in rosters.items()
    }
    for who, space in spaces.items():
        sockets.join(who, space).media("tracksstatus", space, media={"connected": True})

    def active(of: Person) -> Any:
        return cloud.call("GET", f"/spaces/{spaces[of]}/activemeeting", of)

    meetings = {who: active(who).json()["_id"] for who in spaces}

    def act(of: Person, action: str, **body: Any) -> Any:
        return cloud.call("POST", f"/spaces/{spaces[of]}/meetings/{meetings[of]}/{action}", of, json=body)

    with claim("DM-MEET-02", "each has its own party"):
        expect(
            [[one["_id"] for one in active(who).json()["content"]["attendees"]] for who in spaces],
            [[who.id] for who in spaces],
        )
    for turn, layouts in enumerate((("GRID", "THEME"), ("THEME", "GRID"))):
        for who, layout in zip(spaces, layouts, strict=True):
            act(who, "layout", layout=layout)
        with claim("MEET-LAYOUT-01", f"time {turn + 1}: each has the layout that was given to it"):
            observe(tuple(active(who).json()["content"]["layout"] for who in spaces), layouts)
    recordings = {}
    for who in spaces:
        name = who.username.partition("@")[0]
        with claim("MEET-REC-01", f"{name} starts a recording of their own"):
            [started] = act(who, "recordings").json()["data"][0]["content"]["recordings"]
            recordings[who] = started["_id"]
        with claim("DM-MEET-03", f"{name} has started it"):
            observe(started["startedBy"]["_id"], who.id)
        with claim("MEET-REC-03", f"{name} starts no second one beside it"):
            refused(act(who, "recordings"), 400, "request.invalid")

    def stop(of: Person, recording: str) -> Any:
        return act(of, f"recordings/{recording}/stop")

    with claim("MEET-RECSTOP-03", "the recording of the other meeting is not found here"):
        refused(stop(ann, recordings[mia]), 404, "recording.not_found")
    with claim("MEET-RECSTOP-01", "one's own is stopped, and the answer names its space and starter"):
        shown = stop(ann, recordings[ann]).json()["data"][0]
        expect((shown["sender"]["_id"], shown["content"]["recordings"][0]["startedBy"]["_id"]), (spaces[ann], ann.id))
    with claim("MEET-RECSTOP-03", "it is stopped once"):
        refused(stop(ann, recordings[ann]), 404, "recording.not_found")
    with claim("MEET-REC-03", "after it the next one may start, while that of the other meeting goes on"):
        expect(act(ann, "recordings").status_code, 200)
        refused(act(mia, "recordings"), 400, "request.invalid")
    act(ann, "end")
    with claim("MEET-ACTIVE-01", "after the end of one there is none there, and the other goes on"):
        expect([active(who).status_code for who in spaces], [404, 200])
    with claim("MEET-LAYOUT-01", "the layout of the other is as it was"):
        observe(active(mia).json()["content"]["layout"], "GRID")
