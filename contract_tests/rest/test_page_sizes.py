"""How many items a page has where the request names no size, list by list."""

from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import Cloud, Person, behaviour

NO_CLAIMS_YET = True


def page(cloud: Cloud, who: Person, path: str) -> Any:
    answer = cloud.call("GET", path, who)
    assert answer.status_code == 200, answer.text
    return answer.json()


def say(cloud: Cloud, who: Person, kind: str, many: int, **content: Any) -> str:
    """Write so many messages into a new space, and return its id."""
    space = cloud.space(who)
    for number in range(many):
        cloud.message(space, who, f"m{number}", kind=kind, content=content)
    return space


@behaviour("USERS-SPACES-01")
def test_ten_spaces_of_ones_own(cloud: Cloud) -> None:
    """The list of one's own spaces shows ten of eleven."""
    ann = cloud.user()
    for number in range(11):
        cloud.space(ann, f"s{number}")
    expect(len(page(cloud, ann, "/users/me/spaces")["data"]), 10)


@behaviour("USERS-COLL-01")
def test_ten_colleagues(cloud: Cloud) -> None:
    """The search for colleagues shows ten of at least eleven."""
    ann = cloud.user()
    for number in range(11):
        cloud.user(f"p{number}@example.com")
    expect(len(page(cloud, ann, "/users/me/colleagues")["data"]), 10)


@behaviour("USERS-WITHDM-01")
def test_ten_partners(cloud: Cloud) -> None:
    """The list of direct partners shows ten of eleven."""
    ann = cloud.user()
    for number in range(11):
        other = cloud.user(f"p{number}@example.com")
        assert cloud.call("GET", f"/spaces/direct/user/{other.id}", ann).status_code == 200
    expect(len(page(cloud, ann, "/users/me/people/withdm")["data"]), 10)


@behaviour("USERS-MSGS-01")
def test_ten_messages_of_some_spaces(cloud: Cloud) -> None:
    """The messages of some spaces come in pages of ten."""
    ann = cloud.user()
    space = say(cloud, ann, "chats", 11)
    expect(len(page(cloud, ann, f"/users/me/messages?spacelist={space}")["data"]), 10)


@behaviour("USERS-TASKS-01", "USERS-IDEAS-01")
@pytest.mark.parametrize("kind", ["tasks", "ideas"])
def test_ten_tasks_and_posts_of_ones_own(cloud: Cloud, kind: str) -> None:
    """The caller's tasks, and the posts of the caller's spaces, come in pages of ten."""
    ann = cloud.user()
    say(cloud, ann, kind, 11)
    expect(len(page(cloud, ann, f"/users/me/{kind}")["data"]), 10)


@behaviour("USERS-ATT-01")
def test_thirty_messages_with_files(cloud: Cloud) -> None:
    """The messages with attachments come in pages of thirty."""
    ann = cloud.user()
    say(cloud, ann, "chats", 31, data=[{"fileId": "f"}])
    expect(len(page(cloud, ann, "/users/me/attachments/natives")["data"]), 30)


@behaviour("MSG-COMMT-01")
def test_thirty_comments_on_a_task(cloud: Cloud) -> None:
    """The comments on a task come in pages of thirty, as those on a post do."""
    ann = cloud.user()
    space = cloud.space(ann)
    task = cloud.message(space, ann, kind="tasks")["_id"]
    for number in range(31):
        cloud.message(space, ann, f"c{number}", parentMsg={"_id": task})
    expect(len(page(cloud, ann, f"/tasks/{task}/messages")["data"]), 30)


@behaviour("MEET-LIST-01")
def test_thirty_meetings(cloud: Cloud) -> None:
    """The meetings of a space come in pages of thirty."""
    ann = cloud.user()
    space = cloud.space(ann)
    for _ in range(31):
        meeting = cloud.meeting(space, ann)["_id"]
        cloud.call("POST", f"/spaces/{space}/meetings/{meeting}/end", ann, json={})
    observe(len(page(cloud, ann, f"/spaces/{space}/meetings")["data"]), 30)
