"""The words of the client beyond building: what came out of a test, what went wrong in it, and where it runs."""

import asyncio
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from contract_tests.sockets import Chat, address
from mockspaces.client import ControlError, IncompleteError, Mockspaces, Spread, serving
from mockspaces.client.words import ServerOptions
from mockspaces.cloud.kernel.journal import MAX_ENTRIES, Entry
from mockspaces.server import Server
from tests.conftest import SOON_S

ANN = "ann@example.com"


@pytest.fixture(scope="module")
def server() -> Iterator[Mockspaces]:
    with Server() as running, Mockspaces(running.url) as mock:
        yield mock


@pytest.fixture
def mock(server: Mockspaces) -> Iterator[Mockspaces]:
    world = server.open_world()
    yield world
    world.drop()


def me(mock: Mockspaces, username: str = ANN) -> httpx.Response:
    headers = {"Authorization": f"Bearer {mock.token(username)}"}
    return httpx.get(f"{mock.api_url}/users/me", headers=headers, trust_env=False)


# --- what came out


def test_messages_are_found_by_what_they_are(mock: Mockspaces) -> None:
    """Chats, posts and tasks are told apart, filtered by space, sender and text, and shown as they were written."""
    one, two = mock.space("One", owner=ANN), mock.space("Two", owner=ANN)
    said = mock.message(one.id, 'it\'s "here"', username="bob@example.com")
    mock.message(one.id, "idea", username=ANN, category="idea", description="why")
    mock.message(two.id, "task", username=ANN, category="task")
    assert (said.sender, said.text, said.space_id) == ("bob@example.com", 'it\'s "here"', one.id)
    assert [chat.text for chat in mock.chats()] == [said.text]
    assert [(post.text, post.description) for post in mock.posts()] == [("idea", "why")]
    assert [(task.text, task.status) for task in mock.tasks()] == [("task", "pending")]
    assert [message.text for message in mock.messages(space=one.id)] == [said.text, "idea"]
    assert [message.text for message in mock.messages(sender=ANN)] == ["idea", "task"]
    assert mock.messages(text=said.text) == [said]
    assert mock.messages(sender="nobody") == []


def test_deleted_message_is_gone(mock: Mockspaces) -> None:
    """A message that somebody has deleted is found no more."""
    space = mock.space("Room", owner=ANN)
    said = mock.message(space.id, "oops", username=ANN)
    headers = {"Authorization": f"Bearer {mock.token(ANN)}"}
    url = f"{mock.api_url}/messages/deletemessages"
    answer = httpx.post(url, headers=headers, json=[said.id], trust_env=False)
    assert answer.status_code == 200, answer.text
    assert mock.chats() == []


def test_unknown_filter_is_refused(mock: Mockspaces) -> None:
    """A misspelt filter is not ignored."""
    with pytest.raises(TypeError, match="sendr"):
        mock.messages(sendr=ANN)  # type: ignore[call-arg]  # misspelt on purpose
    with pytest.raises(ControlError, match="category"):
        mock.messages(category="chats")  # type: ignore[arg-type]  # misspelt on purpose


def test_spaces_are_shown_with_their_people(mock: Mockspaces) -> None:
    """A space has its members with their roles; personal rooms are left out."""
    made = mock.space("Room", owner=ANN, members=["bob@example.com"], archived=True, description="blue")
    assert mock.spaces() == [made]
    assert (made.title, made.description, made.type, made.archived) == ("Room", "blue", "group", True)
    assert {member.username: member.role for member in made.members} == {ANN: "admin", "bob@example.com": "member"}


def test_outbox_holds_the_mails_that_nobody_sent(mock: Mockspaces) -> None:
    """An invitation is found with its address and its link."""
    headers = {"Authorization": f"Bearer {mock.token(ANN)}"}
    body = {"topic": {"title": "Room"}, "invitees": [{"inviteeType": "email", "invitee": "new@example.com"}]}
    httpx.post(f"{mock.api_url}/spaces/invite", headers=headers, json=body, trust_env=False)
    (mail,) = mock.outbox()
    assert mail.to == "new@example.com"
    assert mail.invite_id in mail.link
    assert mail.space_id == mock.spaces()[0].id


def test_sockets_are_listed_and_closed(mock: Mockspaces) -> None:
    """Who is connected is known by name and space, and can be disconnected."""
    space = mock.space("Room", owner=ANN)
    query = {"EIO": "3", "transport": "websocket", "token": mock.token(ANN), "tokenType": "oauth"}
    with Chat(address(mock.call("GET", "")["urls"], query)) as chat:
        chat.join()
        chat.subscribe(space.id)
        (socket,) = mock.sockets()
        assert (socket.username, socket.spaces) == (ANN, (space.id,))
        assert mock.sockets("bob@example.com") == []
        assert mock.close_sockets(username="bob@example.com") == 0
        assert mock.close_sockets(space_id=space.id) == 1
        chat.end()
        mock.wait_for(lambda: not mock.sockets())


def test_meeting_can_be_held_by_anybody(mock: Mockspaces) -> None:
    """People are brought into a meeting without a socket."""
    space = mock.space("Room", owner=ANN, members=["bob@example.com"])
    mock.meeting(space.id, ANN, "bob@example.com")
    headers = {"Authorization": f"Bearer {mock.token(ANN)}"}
    meeting = httpx.get(f"{mock.api_url}/spaces/{space.id}/activemeeting", headers=headers, trust_env=False).json()
    assert len(meeting["content"]["attendees"]) == 2


def test_changed_user_is_answered(mock: Mockspaces) -> None:
    """A change answers the user as he is now."""
    assert mock.change_user(ANN, displayname="Annie").displayname == "Annie"
    mock.change_user(ANN, enabled=False)
    with pytest.raises(TypeError, match="enable"):
        mock.change_user(ANN, enable=True)  # type: ignore[call-arg]  # misspelt on purpose


def test_user_is_found_by_his_mail(mock: Mockspaces) -> None:
    """Whoever the seed made is found with his id and password; nobody else is."""
    ann = mock.find_user("ANN@example.com")
    assert (ann.username, ann.password) == (ANN, "ann-secret")
    assert ann.id == me(mock).json()["_id"]
    with pytest.raises(ControlError, match=r"user\.not_found"):
        mock.find_user("nobody@example.com")


def test_world_goes_back_to_a_snapshot(mock: Mockspaces) -> None:
    """What happened after the snapshot has not happened, what happened before has."""
    mock.space("Before", owner=ANN)
    before = mock.snapshot()
    mock.space("After", owner=ANN)
    mock.restore(before)
    assert [space.title for space in mock.spaces()] == ["Before"]
    assert mock.snapshot() == before


def test_members_may_have_roles(mock: Mockspaces) -> None:
    """People of a space are named alone, by what the client answered, or with their roles."""
    bob = mock.find_user("bob@example.com")
    room = mock.space("Room", owner=mock.find_user(ANN), members={"bob@example.com": "admin"})
    assert {member.username: member.role for member in room.members} == {ANN: "admin", "bob@example.com": "admin"}
    other = mock.space("Other", owner=ANN, members=[bob])
    assert {member.username: member.role for member in other.members} == {ANN: "admin", "bob@example.com": "member"}


def test_comment_belongs_to_its_message(mock: Mockspaces) -> None:
    """A reply is a comment on the message that it answers, by whom it names or by the author of that one."""
    room = mock.space("Room", owner=ANN, members=["bob@example.com"])
    ann = mock.find_user(ANN)
    due = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
    task = mock.message(room, "Do it", username=ANN, category="task", assignees=[ann], due=due, description="soon")
    assert (task.assignees, task.due, task.description) == ((ann.id,), "2031-02-03T04:05:06.000Z", "soon")
    reply = mock.reply(task, "Done", username="bob@example.com")
    assert (reply.parent_id, reply.sender, reply.category) == (task.id, "bob@example.com", "chat")
    assert mock.reply(task, "Really?").sender == ANN
    assert mock.chats(parent=task, sender="bob@example.com") == [reply]


def test_looking_at_a_user_changes_nothing(mock: Mockspaces) -> None:
    """Who is looked up is the same afterwards, to the millisecond of the last change."""
    mock.clock.freeze()
    before = mock.snapshot()
    mock.find_user(ANN)
    assert mock.snapshot() == before


def test_one_scope_is_a_scope(mock: Mockspaces) -> None:
    """A single scope need not be a list, and ``all`` is every one."""
    assert mock.service_app(scopes="spaces.create").scopes == ("spaces.create",)
    assert len(mock.service_app(scopes="all").scopes) > 10


def test_app_signs_jwts(mock: Mockspaces) -> None:
    """An app signs a JWT that is good, or bad in the one thing that was asked for."""
    app = mock.service_app(scopes="spaces.list")
    for token, why in (
        (app.jwt(), ""),
        (app.jwt(expires_in=-1), "s ago"),
        (app.jwt(expires_in=timedelta(hours=2)), "the limit is 3600"),
        (app.jwt(aud=["elsewhere"]), "aud"),
        (app.jwt(signature="bad"), "signature"),
        (app.jwt(claims={"exp": None}), "exp is missing"),
    ):
        url, headers = f"{mock.api_url}/users/me/spaces", {"Authorization": f"service_app {token}"}
        answer = httpx.get(url, headers=headers, trust_env=False)
        assert answer.status_code == (401 if why else 200)
        assert why in mock.journal.last().why


def test_time_is_moved_by_a_timedelta(mock: Mockspaces) -> None:
    """Durations and moments are those of `datetime` too."""
    mock.clock.freeze(datetime(2031, 2, 3, tzinfo=UTC))
    mock.clock.advance(timedelta(minutes=1))
    with mock.clock.ahead(timedelta(hours=1)):
        assert mock.clock.time == datetime(2031, 2, 3, 1, 1, tzinfo=UTC)
    assert mock.clock.time == datetime(2031, 2, 3, 0, 1, tzinfo=UTC)
    token = mock.token(ANN, expires_in=timedelta(minutes=1))
    mock.clock.advance(60)
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{mock.api_url}/users/me", headers=headers, trust_env=False).status_code == 401


# --- the journal


def test_journal_counts_or_says_that_it_cannot() -> None:
    """A count is exact; once entries were dropped it is refused instead of being too low."""
    with Server() as running, Mockspaces(running.url) as mock:
        me(mock)
        assert (mock.journal.count(endpoint="USERS-ME"), mock.journal.count(status=500)) == (1, 0)
        journal = running.app.worlds.named("default").world.journal
        for _ in range(MAX_ENTRIES):
            journal.record(Entry())
        with pytest.raises(IncompleteError, match="dropped 1 older"):
            mock.journal.count(status=500)
        mock.journal.clear()
        assert mock.journal.count() == 0


def test_refused_entries_are_known(mock: Mockspaces) -> None:
    """An entry knows whether it was refused."""
    me(mock)
    httpx.get(f"{mock.api_url}/users/me", trust_env=False)
    assert [entry.refused for entry in mock.journal] == [False, True]


def test_entry_tells_the_whole_exchange(mock: Mockspaces) -> None:
    """An entry has headers by name in any case, query, bodies, credential and duration; a cut one says so."""
    room = mock.space("Room", owner=ANN)
    headers = {"Authorization": f"Bearer {mock.token(ANN)}", "X-Twice": "1"}
    body = {"content": {"bodyText": "x" * 9000}}
    httpx.post(f"{mock.api_url}/spaces/{room.id}/chats?notify=1", headers=headers, json=body, trust_env=False)
    me(mock)
    cut, whole = mock.journal
    assert (cut.truncated, whole.truncated) == (True, False)
    assert cut.request_bytes > len(cut.request) == 8192
    assert cut.request_headers["x-tWICE"] == "1"
    assert "X-Missing" not in cut.request_headers
    assert cut.response_headers["Content-Type"].startswith("application/json")
    assert (cut.query, cut.version) == ({"notify": "1"}, "1.1")
    assert whole.response_json["username"] == ANN
    assert whole.credential is not None
    assert (whole.credential.kind, whole.credential.scheme) == ("oauth", "Bearer")
    assert 0 < whole.duration_ms < 1000 * SOON_S
    with pytest.raises(ValueError, match="Unterminated"):
        cut.request_json  # noqa: B018 - reading it is the question


def test_journal_is_an_archive_on_request(mock: Mockspaces) -> None:
    """Entries come as HTTP Archive, all or those that fit."""
    me(mock)
    httpx.get(f"{mock.api_url}/users/me", trust_env=False)
    assert len(mock.journal.har()["log"]["entries"]) == 2
    (refused,) = mock.journal.har(refused=True)["log"]["entries"]
    assert refused["response"]["status"] == 401


def test_entries_are_found_since_a_moment(mock: Mockspaces) -> None:
    """A moment of the world's clock leaves out what came before."""
    mock.clock.freeze("2031-02-03T04:05:06Z")
    me(mock)
    mock.clock.advance(60)
    me(mock)
    since = datetime(2031, 2, 3, 4, 5, 30, tzinfo=UTC)
    assert (mock.journal.count(since=since), mock.journal.count(status="2xx")) == (1, 2)


def test_call_is_asserted_with_what_came_near(mock: Mockspaces) -> None:
    """An assertion holds for calls that came; a failure says which entries fit in all but one thing."""
    me(mock)
    me(mock, "bob@example.com")
    mock.assert_called("GET /users/me")
    mock.assert_called("GET /users/me", times=2)
    mock.assert_called("GET /users/me", times=1, caller=ANN)
    mock.assert_called("POST /spaces/invite", times=0)
    with pytest.raises(AssertionError) as missed:
        mock.assert_called("GET /users/me", caller="zoe@example.com")
    assert "2 entries fit but for caller='zoe@example.com': oauth ann@example.com (1)" in str(missed.value)
    with pytest.raises(AssertionError, match=r"1 entry fits but for status=401: 200 \(1\)"):
        mock.assert_called("GET /users/me", status=401, caller=ANN)
    with pytest.raises(AssertionError, match=r"2 entries at all: GET /api/users/me \(2\)"):
        mock.assert_called("POST /spaces/invite", status=401)
    with pytest.raises(AssertionError, match="2 came, not 3"):
        mock.assert_called("GET /users/me", times=3)


def test_call_that_must_not_come_is_shown(mock: Mockspaces) -> None:
    """A call that came although it must not is shown with its caller and outcome."""
    mock.assert_not_called("GET /users/me")
    me(mock)
    mock.assert_not_called("GET /users/me", status=401)
    with pytest.raises(AssertionError, match=r"came: 200  GET /api/users/me  oauth ann@example\.com"):
        mock.assert_not_called("GET /users/me")
    with pytest.raises(ControlError, match='did you mean "GET /users/me"'):
        mock.assert_not_called("GET /user/me")  # type: ignore[arg-type]  # misspelt on purpose


def test_missing_entry_tells_what_came_near(mock: Mockspaces) -> None:
    """Neither `last` nor `wait` says only that nothing fits."""
    me(mock)
    with pytest.raises(LookupError, match="but for status=401: 200"):
        mock.journal.last(route="GET /users/me", status=401)
    with pytest.raises(TimeoutError, match="but for status=401: 200"):
        mock.journal.wait(route="GET /users/me", status=401, timeout=0)


# --- waiting


def test_waiting_ends_with_what_was_found_or_in_time(mock: Mockspaces) -> None:
    """A query that finds something ends the wait at once, one that finds nothing ends it in time."""
    mock.space("Room", owner=ANN)
    assert [space.title for space in mock.wait_for(mock.spaces)] == ["Room"]
    begun = time.monotonic()
    with pytest.raises(TimeoutError, match=r"0\.05 s"):
        mock.wait_for(mock.chats, timeout=0.05)
    assert time.monotonic() - begun < SOON_S


async def test_waiting_in_a_loop_is_refused_with_the_way_out(mock: Mockspaces) -> None:
    """Inside a loop the waiting calls name their twins, which let the loop go on."""
    with pytest.raises(RuntimeError, match=r"await mockspaces\.aio\.journal\.wait"):
        mock.journal.wait()
    with pytest.raises(RuntimeError, match=r"await mockspaces\.aio\.wait_for"):
        mock.wait_for(mock.chats)
    space = mock.space("Room", owner=ANN)
    waiting = asyncio.create_task(mock.aio.wait_for(mock.chats))
    await asyncio.sleep(0)
    mock.message(space.id, "hello", username=ANN)
    assert [chat.text for chat in await waiting] == ["hello"]
    with pytest.raises(TimeoutError):
        await mock.aio.wait_for(mock.posts, timeout=0.02)


# --- what went wrong


def test_faults_are_told_apart_by_whether_they_happened(mock: Mockspaces) -> None:
    """A fault counts, the list knows those that never happened, and one can be taken back."""
    happened, never = mock.fail("GET /users/me", status=502, times=1), mock.reject("space.not_found", event="connect")
    assert me(mock).status_code == 502
    assert (happened.fired, never.fired) == (1, 0)
    assert mock.faults.unfired() == [never]
    assert [fault.id for fault in mock.faults] == [happened.id, never.id]
    never.drop()
    assert mock.faults.unfired() == []
    mock.faults.clear()
    assert list(mock.faults) == []


def test_what_never_happened_is_told_in_words(mock: Mockspaces) -> None:
    """Planned faults and misbehaviours that did not come true are named; those left to chance are not."""
    assert mock.never_happened() == []
    mock.faults.plan(status=500, probability=0)
    mock.fail("GET /users/me", status=503)
    mock.misbehave("no_refresh_token")
    fault, misbehaviour = mock.never_happened()
    assert "USERS-ME" in fault
    assert misbehaviour == "misbehaviour no_refresh_token"
    me(mock)
    mock.behave()
    assert mock.never_happened() == []


def test_fault_that_never_happened_tells_what_came_near(mock: Mockspaces) -> None:
    """A fault for one person tells of the calls of others, one that came too late of the calls before it."""
    for _ in range(3):
        me(mock, "bob@example.com")
    fault = mock.reject("auth.credential_expired", "GET /users/me", caller=ANN)
    (told,) = mock.never_happened()
    assert "3 entries fit but for caller='ann@example.com': oauth bob@example.com (3)" in told
    fault.drop()
    mock.fail("GET /users/me", status=500)
    (told,) = mock.never_happened()
    assert "3 fit, but came before it was planned" in told


def test_delay_may_vary(mock: Mockspaces) -> None:
    """A delay is a number of seconds, a timedelta, or drawn from a spread."""
    mock.delay(timedelta(milliseconds=1), "GET /users/me", times=1)
    mock.delay(Spread(median=0.001, p99=0.002), "GET /users/me")
    me(mock)
    me(mock)
    first, second = (entry.why for entry in mock.journal)
    assert first.endswith("delay 0.001 s")
    assert "delay 0.00" in second
    assert mock.never_happened() == []


def test_misspelt_fault_is_refused(mock: Mockspaces) -> None:
    """What cannot be planned is refused with the nearest name."""
    with pytest.raises(ControlError, match='did you mean "GET /users/me"'):
        mock.fail("GET /user/me")  # type: ignore[arg-type]  # misspelt on purpose
    with pytest.raises(ControlError, match='did you mean "caller"'):
        mock.fail(callr=ANN)  # type: ignore[call-arg]  # misspelt on purpose
    with pytest.raises(TypeError, match="staus"):
        mock.faults.plan(staus=500)  # type: ignore[call-arg]  # misspelt on purpose


# --- where it runs


def test_started_server_ends_with_its_client() -> None:
    """A server in this process takes options by their names, and is gone after the block."""
    with Mockspaces.start(seed="empty", control_token="hush") as mock:
        url = mock.url
        assert mock.call("GET", "")["counts"]["users"] == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_started_process_ends_with_its_client() -> None:
    """A server of another environment takes the options of the command line, and its process is gone afterwards."""
    mock = Mockspaces.start(python=sys.executable, seed="empty", max_worlds=2)
    assert mock.call("GET", "")["counts"]["users"] == 0
    mock.open_world()
    with pytest.raises(ControlError, match="max-worlds"):
        mock.open_world()
    url = mock.url
    mock.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_server_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that says nothing is ended after a while."""
    monkeypatch.setattr(serving, "START_LIMIT_S", 0.1)
    silent = tmp_path / "python"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    with pytest.raises(RuntimeError, match="did not start"):
        Mockspaces.start(python=str(silent))


@pytest.mark.parametrize(
    ("python", "options", "hint"),
    [
        ("/nonexistent/python", {}, "No such file"),
        ("/bin/sh", {}, "did not start"),
        (sys.executable, {"log_level": "loud"}, "--log-level"),
        (sys.executable, {"seed": "/nonexistent/seed.json"}, "seed.json"),
    ],
)
def test_server_that_does_not_start_leaves_its_last_words(python: str, options: ServerOptions, hint: str) -> None:
    """A Python that is missing, is none, or is given bad options is told with what it said."""
    with pytest.raises(RuntimeError, match=hint):
        Mockspaces.start(python=python, **options)
