"""How many items a page has where the request names no size, list by list."""

from typing import Any

import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import Cloud, Person, behaviour, only_mock


def count(cloud: Cloud, who: Person, path: str) -> int:
    answer = cloud.call("GET", path, who)
    assert answer.status_code == 200, answer.text
    return len(answer.json()["data"])


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
    with claim("USERS-SPACES-01", "ten of eleven are shown"):
        expect(count(cloud, ann, "/users/me/spaces"), 10)


@behaviour("USERS-COLL-01")
def test_ten_colleagues(cloud: Cloud) -> None:
    """The search for colleagues shows ten of at least eleven."""
    only_mock(cloud, "needs eleven people")
    ann = cloud.user()
    for number in range(11):
        cloud.user(f"p{number}@example.com")
    with claim("USERS-COLL-01", "ten of at least eleven are shown"):
        expect(count(cloud, ann, "/users/me/colleagues"), 10)


@behaviour("USERS-WITHDM-01")
def test_ten_partners(cloud: Cloud) -> None:
    """The list of direct partners shows ten of eleven."""
    only_mock(cloud, "needs eleven people")
    ann = cloud.user()
    for number in range(11):
        other = cloud.user(f"p{number}@example.com")
        with step("open a direct space"):
            assert cloud.call("GET", f"/spaces/direct/user/{other.id}", ann).status_code == 200
    with claim("USERS-WITHDM-01", "ten of eleven are shown"):
        expect(count(cloud, ann, "/users/me/people/withdm"), 10)


@behaviour("USERS-MSGS-01")
def test_ten_messages_of_some_spaces(cloud: Cloud) -> None:
    """The messages of some spaces come in pages of ten."""
    ann = cloud.user()
    space = say(cloud, ann, "chats", 11)
    with claim("USERS-MSGS-01", "ten of eleven are shown"):
        expect(count(cloud, ann, f"/users/me/messages?spacelist={space}"), 10)


LISTS = {"tasks": "USERS-TASKS-01", "ideas": "USERS-IDEAS-01"}


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=behaviour(shown)) for kind, shown in LISTS.items()])
def test_ten_tasks_and_posts_of_ones_own(cloud: Cloud, kind: str) -> None:
    """The caller's tasks, and the posts of the caller's spaces, come in pages of ten."""
    ann = cloud.user()
    say(cloud, ann, kind, 11)
    with claim(LISTS[kind], "ten of eleven are shown"):
        expect(count(cloud, ann, f"/users/me/{kind}"), 10)


@behaviour("USERS-ATT-01")
def test_thirty_messages_with_files(cloud: Cloud) -> None:
    """The messages with attachments come in pages of thirty."""
    ann = cloud.user()
    say(cloud, ann, "chats", 31, data=[{"fileId": "f"}])
    with claim("USERS-ATT-01", "thirty of thirty-one are shown"):
        expect(count(cloud, ann, "/users/me/attachments/natives"), 30)


@behaviour("MSG-COMMT-01")
def test_thirty_comments_on_a_task(cloud: Cloud) -> None:
    """The comments on a task come in pages of thirty, as those on a post do."""
    ann = cloud.user()
    space = cloud.space(ann)
    task = cloud.message(space, ann, kind="tasks")["_id"]
    for number in range(31):
        cloud.message(space, ann, f"c{number}", parentMsg={"_id": task})
    with claim("MSG-COMMT-01", "thirty of thirty-one are shown"):
        expect(count(cloud, ann, f"/tasks/{task}/messages"), 30)


@behaviour("MEET-LIST-01")
def test_thirty_meetings(cloud: Cloud) -> None:
    """The meetings of a space come in pages of thirty."""
    ann = cloud.user()
    space = cloud.space(ann)
    for _ in range(31):
        meeting = cloud.meeting(space, ann)["_id"]
        with step("end a meeting"):
            ended = cloud.call("POST", f"/spaces/{space}/meetings/{meeting}/end", ann, json={})
            assert ended.status_code == 200, ended.text
    with claim("MEET-LIST-01", "thirty of thirty-one are shown"):
        observe(count(cloud, ann, f"/spaces/{space}/meetings"), 30)
