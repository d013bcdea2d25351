"""The bot's own tests: the fixture `mockspaces` is the whole cloud, and nobody else is in it."""

import time
from contextlib import closing

import httpx
import pytest
from standup import HELP, Bot, Cloud, Refused

SCOPES = [
    "spaces.create",
    "spaces.chat.create",
    "spaces.task.create",
    "spaces.task.read",
    "spaces.websocket",
]


@pytest.fixture
def app(mockspaces):
    return mockspaces.service_app(name="Stand-up", scopes=SCOPES, company="Example")


@pytest.fixture
def bot(mockspaces, app):
    bot = Bot(Cloud(mockspaces.api_url, app.key, longest_pause=0.05), mockspaces.socket_url, mockspaces.socketio_path)
    yield bot
    bot.close()


@pytest.fixture
def standup(mockspaces, bot):
    """A stand-up that has begun: Ann and Bob are in the space, the bot listens."""
    bot.open("Stand-up", ["ann@example.com", "bob@example.com"])
    bot.listen()
    return bot


def texts(mockspaces):
    return [chat.text for chat in mockspaces.chats()]


# --- opening


def test_opens_a_space_and_says_hello(mockspaces, bot):
    space = bot.open("Stand-up", ["ann@example.com"])
    assert [(one.id, one.title) for one in mockspaces.spaces()] == [(space, "Stand-up")]
    assert texts(mockspaces) == [f"Good morning! {HELP}"]


def test_invites_people_by_mail(mockspaces, bot):
    bot.open("Stand-up", ["ann@example.com", "new@example.com"])
    assert {mail.to for mail in mockspaces.outbox()} == {"ann@example.com", "new@example.com"}
    assert {member.username: member.role for member in mockspaces.spaces()[0].members}["ann@example.com"] == "member"


def test_signs_one_token_for_many_calls(mockspaces, bot):
    bot.open("Stand-up", [])
    bot.say("one")
    bot.say("two")
    assert len({str(bot._cloud.credential)}) == 1
    assert mockspaces.journal.find(status=401) == []


# --- when the cloud says no


def test_signs_anew_when_its_token_is_refused(mockspaces, bot):
    rejected = mockspaces.reject("auth.credential_expired", times=1)
    bot.open("Stand-up", [])
    assert rejected.fired == 1
    assert len(mockspaces.spaces()) == 1


def test_gives_up_when_the_app_is_switched_off(mockspaces, app, bot):
    mockspaces.change_service_app(app.iss, active=False)
    with pytest.raises(Refused, match=r"401 auth\.app_inactive"):
        bot.open("Stand-up", [])
    assert len(mockspaces.journal.find(status=401)) == 2  # once more with a new token, then no more
    assert "not activated" in mockspaces.journal.last(status=401).why


def test_says_which_scope_is_missing(mockspaces):
    app = mockspaces.service_app(scopes=["spaces.chat.create"])
    with (
        closing(Bot(Cloud(mockspaces.api_url, app.key), mockspaces.socket_url)) as bot,
        pytest.raises(Refused, match=r"403 scope\.missing"),
    ):
        bot.open("Stand-up", [])
    assert "spaces.create" in mockspaces.journal.last(status=403).why


def test_works_with_a_new_key_after_the_old_one_is_deleted(mockspaces, app):
    new = mockspaces.new_key(app.iss)
    mockspaces.drop_key(app.iss, app.key["kid"])
    with closing(Cloud(mockspaces.api_url, app.key)) as cloud, pytest.raises(Refused, match="credential_invalid"):
        cloud.post("/spaces/invite", {"topic": {"title": "x"}})
    with closing(Cloud(mockspaces.api_url, new)) as cloud:
        assert cloud.post("/spaces/invite", {"topic": {"title": "x"}})["data"]


# --- when the cloud is in trouble


def test_waits_as_long_as_the_cloud_asks_for(mockspaces, bot):
    mockspaces.fail("POST /spaces/invite", status=503, headers={"Retry-After": "0.05"}, times=2)
    begun = time.monotonic()
    bot.open("Stand-up", [])
    assert time.monotonic() - begun >= 0.1
    assert len(mockspaces.spaces()) == 1


def test_gives_up_after_some_tries(mockspaces, bot):
    busy = mockspaces.fail("POST /spaces/invite", status=503)
    with pytest.raises(Refused, match="503"):
        bot.open("Stand-up", [])
    assert busy.fired == 4


def test_respects_the_rate_limit(mockspaces, bot):
    mockspaces.reject("rate.limited", "POST /spaces/{spaceId}/chats", times=1)
    bot.open("Stand-up", [])
    assert len(mockspaces.chats()) == 1


def test_never_repeats_a_post_that_may_have_worked(mockspaces, bot):
    mockspaces.faults.plan(transport="drop", match={"route": "POST /spaces/invite"}, times=1)
    with pytest.raises(httpx.TransportError):
        bot.open("Stand-up", [])
    assert len(mockspaces.spaces()) == 1  # it has


def test_repeats_a_get_whose_answer_was_lost(mockspaces, bot):
    bot.open("Stand-up", [])
    lost = mockspaces.faults.plan(transport="truncate", match={"route": "GET /spaces/{spaceId}/tasks"}, times=1)
    assert bot._open_tasks() == 0
    assert lost.fired == 1


# --- listening


def test_answers_for_help(mockspaces, standup):
    mockspaces.message(standup.space, "!help", username="ann@example.com")
    mockspaces.wait_for(lambda: mockspaces.chats(text=HELP))


def test_does_not_talk_to_itself(mockspaces, standup):
    standup.say("!help")
    mockspaces.message(standup.space, "!help", username="ann@example.com")
    mockspaces.wait_for(lambda: mockspaces.chats(text=HELP))
    assert texts(mockspaces).count(HELP) == 1


def test_keeps_a_task_for_who_asked(mockspaces, standup):
    mockspaces.message(standup.space, "!task water the plants", username="bob@example.com")
    (task,) = mockspaces.wait_for(mockspaces.tasks)
    assert (task.text, task.status) == ("water the plants", "pending")
    (bob,) = [member.id for member in mockspaces.spaces()[0].members if member.username == "bob@example.com"]
    assert task.assignees == (bob,)
    mockspaces.wait_for(lambda: mockspaces.chats(text="Noted for Bob Builder: water the plants"))


def test_wants_a_title_for_a_task(mockspaces, standup):
    mockspaces.message(standup.space, "!task", username="ann@example.com")
    mockspaces.wait_for(lambda: mockspaces.chats(text="A task needs a title: !task <title>"))
    assert mockspaces.tasks() == []


def test_counts_open_tasks(mockspaces, standup):
    mockspaces.message(standup.space, "water the plants", username="bob@example.com", category="task")
    mockspaces.message(standup.space, "call Cleo", username="bob@example.com", category="task")
    mockspaces.message(standup.space, "!done", username="ann@example.com")
    mockspaces.wait_for(lambda: mockspaces.chats(text="2 tasks are open"))


def test_listens_only_to_its_space(mockspaces, standup):
    other = mockspaces.space("Elsewhere", owner="ann@example.com")
    mockspaces.message(other.id, "!help", username="ann@example.com")
    mockspaces.message(standup.space, "!done", username="ann@example.com")
    mockspaces.wait_for(lambda: mockspaces.chats(text="0 tasks are open"))
    assert HELP not in texts(mockspaces)


def test_is_connected_as_its_service_account(mockspaces, app, standup):
    (socket,) = mockspaces.sockets()
    assert (socket.username, socket.spaces) == (app.sub, (standup.space,))


def test_survives_a_refused_task(mockspaces, standup):
    mockspaces.reject("permission.denied", "POST /spaces/{spaceId}/tasks", times=1)
    mockspaces.message(standup.space, "!task water the plants", username="bob@example.com")
    mockspaces.message(standup.space, "!help", username="bob@example.com")
    mockspaces.wait_for(lambda: mockspaces.chats(text=HELP))
    mockspaces.wait_for(lambda: standup.problems)  # each message may have a thread of its own
    assert standup.problems == ["403 permission.denied"]


def test_says_so_when_it_cannot_subscribe(mockspaces, bot):
    bot.open("Stand-up", [])
    mockspaces.faults.plan(frame="swallow", match={"event": "SUBSCRIBE_CHANNEL"})
    bot.subscribed.wait = lambda _patience: False  # nobody wants to wait five seconds here
    with pytest.raises(TimeoutError, match="did not confirm"):
        bot.listen()
    mockspaces.journal.wait(event="SUBSCRIBE_CHANNEL")
