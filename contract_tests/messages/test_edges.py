"""Two of something, a second time and the exact edge, of messages."""

from contract_tests.claims import claim, observe
from contract_tests.kit import Cloud, behaviour, refused


@behaviour("PERM-HIST-01")
def test_history_begins_in_the_millisecond_of_joining(cloud: Cloud) -> None:
    """A guest sees what was written in the millisecond in which they joined, and nothing of the one before."""
    cloud.freeze("2031-02-03T04:05:06.788Z")
    ann, guest = cloud.user(), cloud.guest()
    space = cloud.open_space(ann)
    before = cloud.message(space, ann, "before")
    cloud.freeze("2031-02-03T04:05:06.789Z")
    cloud.call("GET", f"/spaces/{space}/join", guest)
    same = cloud.message(space, ann, "at once")
    with claim("PERM-HIST-01", "a message of the same millisecond is listed, an earlier one is not"):
        found = cloud.call("GET", f"/spaces/{space}/messages/byref", guest).json()["data"]
        observe([one["_id"] for one in found], [same["_id"]])
    with claim("PERM-HIST-01", "a message of the same millisecond can be read by its id"):
        observe(cloud.call("GET", f"/messages/{same['_id']}", guest).status_code, 200)
    with claim("PERM-HIST-01", "one of the millisecond before cannot"):
        refused(cloud.call("GET", f"/messages/{before['_id']}", guest), 403, "permission.denied")


@behaviour("MSG-QUERY-01")
def test_a_bound_of_a_query_leaves_out_its_own_millisecond(cloud: Cloud) -> None:
    """Neither after nor before a time is what was written at that very time."""
    ann = cloud.user()
    space = cloud.space(ann)
    sent = [cloud.message(space, ann, text) for text in ("one", "two", "three")]
    for direction, found in (("after", sent[2:]), ("before", sent[:1])):
        with claim("MSG-QUERY-01", f"{direction} the second of three messages"):
            query = {"refTime": sent[1]["created"], "direction": direction}
            data = cloud.call("GET", f"/spaces/{space}/messages/query", ann, params=query).json()["data"]
            observe([one["_id"] for one in data], [one["_id"] for one in found])


@behaviour("MSG-DELETE-02", "MSG-DELETE-04")
def test_a_message_is_deleted_once(cloud: Cloud) -> None:
    """An id that is named twice counts once; the second call knows it no more, and no comment is counted twice."""
    ann = cloud.user()
    space = cloud.space(ann)
    idea = cloud.message(space, ann, kind="ideas")
    comments = [cloud.message(space, ann, text, parentMsg={"_id": idea["_id"]})["_id"] for text in ("one", "two")]
    for wanted in ("deletedMessages", "notFoundMmessages"):
        with claim("MSG-DELETE-02", f"named twice, it is in {wanted} once"):
            answer = cloud.call("POST", "/messages/deletemessages", ann, json=[comments[0], comments[0]]).json()
            observe({name: ids for name, ids in answer.items() if ids}, {wanted: [comments[0]]})
    with claim("MSG-DELETE-04", "the post has one comment left"):
        observe(cloud.call("GET", f"/messages/{idea['_id']}", ann).json()["chatCount"], 1)


@behaviour("MSG-UPDATE-07")
def test_a_meeting_is_no_text_that_could_be_edited(cloud: Cloud) -> None:
    """An edit of a meeting is refused, with a text that would do for a chat too, and again after its end."""
    ann = cloud.user()
    space = cloud.space(ann)
    meeting = cloud.meeting(space, ann)
    for state in ("runs", "has ended"):
        with claim("MSG-UPDATE-07", f"it is refused while the meeting {state}"):
            body = {"_id": meeting["_id"], "content": {"bodyText": "text"}}
            refused(cloud.call("POST", f"/messages/{meeting['_id']}", ann, json=body), 400, "request.invalid")
        cloud.call("POST", f"/spaces/{space}/meetings/{meeting['_id']}/end", ann)
