"""Clients that overlap, over real HTTP and sockets: whatever the order, each call happens before or after the others.

Handlers yield inside of their transactions here (`tests.yielding`), since otherwise no two of them would overlap.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_tests import oauth
from contract_tests.profiles import Profile, mock_cloud
from mockspaces.cloud.spaces import access
from mockspaces.cloud.store.entities import Member
from mockspaces.cloud.store.state import State
from mockspaces.cloud.store.transaction import Change, Log, Transactions
from mockspaces.config import Config
from mockspaces.server import Server
from tests.crowd import ANN, BOB, CLEO, RITA, Cloud, codes
from tests.yielding import Result, drawn_pause, yield_everywhere

SENT = ("chat", "task", "post", "idea")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server whose calls yield inside of their transactions, in an order that no two runs share."""
    with pytest.MonkeyPatch.context() as patch, Server(Config(port=0)) as running:
        yield_everywhere(patch, drawn_pause(random.randrange(1 << 32)))
        yield running


def broken_rules(state: State, changes: Sequence[Change]) -> list[str]:
    """Return what is not as it must be after a commit: nobody half in, nothing in a space that is gone."""
    wrong = []
    for change in changes:
        new = change.new
        if change.store is state.messages and change.old is None and new and new.category in SENT:
            if not of_person(state, new.space_id, new.sender.id):
                wrong.append(f"a {new.category} of somebody who is no member any more")
        elif change.store is state.members and new and state.members.peek(change.key):
            if state.spaces.peek(new.space_id) is None:
                wrong.append("a member of a deleted space")
            if len(of_person(state, new.space_id, new.person)) > 1:
                wrong.append("a person twice in a roster")
    groups = [space for space in state.spaces.every() if space.type == "group"]
    wrong += [f"no admin in {one.title}" for one in groups if not state.members.partition("admin", one.id)]
    pairs = [space.pair for space in state.spaces.every() if space.pair is not None]
    return wrong + ["two spaces of one pair"] * (len(pairs) - len(set(pairs)))


def of_person(state: State, space_id: str, person: str) -> list[Member]:
    """Return the entries of a person in the roster of a space."""
    return [one for one in state.members.partition("person", person) if one.space_id == space_id]


def overlap(server: Server, scenario: Callable[[Cloud], Awaitable[None]]) -> None:
    """Carry a scenario out in a world of its own; no rule may be broken at any commit."""

    async def run() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http, Cloud(server, http) as cloud:
            state = cloud.world.state
            cloud.world.transactions.observe = lambda changes: cloud.wrong.extend(broken_rules(state, changes))
            await scenario(cloud)
            assert cloud.wrong == []

    asyncio.run(asyncio.wait_for(run(), 60))


CHAT = {"content": {"bodyText": "hi"}}
MEMBER = "/spaces/{space}/attendees/userId/"
Call = tuple[str, str, str, Any]
CALLS: dict[str, Call] = {
    "ann removes bob": (ANN, "DELETE", f"{MEMBER}{{{BOB}}}", None),
    "bob removes ann": (BOB, "DELETE", f"{MEMBER}{{{ANN}}}", None),
    "ann removes cleo": (ANN, "DELETE", f"{MEMBER}{{{CLEO}}}", None),
    "ann leaves": (ANN, "DELETE", f"{MEMBER}{{{ANN}}}", None),
    "bob leaves": (BOB, "DELETE", f"{MEMBER}{{{BOB}}}", None),
    "ann demotes bob": (ANN, "POST", f"{MEMBER}{{{BOB}}}", {"role": "member"}),
    "bob demotes ann": (BOB, "POST", f"{MEMBER}{{{ANN}}}", {"role": "member"}),
    "bob promotes cleo": (BOB, "POST", f"{MEMBER}{{{CLEO}}}", {"role": "admin"}),
    "ann writes": (ANN, "POST", "/spaces/{space}/chats", CHAT),
    "bob writes": (BOB, "POST", "/spaces/{space}/chats", CHAT),
    "cleo writes": (CLEO, "POST", "/spaces/{space}/chats", CHAT),
    "cleo has an idea": (CLEO, "POST", "/spaces/{space}/ideas", CHAT),
    "rita joins": (RITA, "GET", "/spaces/{space}/join", None),
    "rita writes": (RITA, "POST", "/spaces/{space}/chats", CHAT),
    "bob invites rita": (BOB, "POST", "/spaces/{space}/invite", {"invitees": [{"invitee": RITA}]}),
    "cleo invites somebody": (CLEO, "POST", "/spaces/{space}/invite", {"invitees": [{"invitee": "x@y.example"}]}),
    "ann renames": (ANN, "POST", "/spaces/{space}", {"title": "Ann's"}),
    "bob renames": (BOB, "POST", "/spaces/{space}", {"title": "Bob's"}),
    "ann deletes": (ANN, "DELETE", "/spaces/{space}", None),
    "bob deletes": (BOB, "DELETE", "/spaces/{space}", None),
    "cleo reads": (CLEO, "POST", "/users/me/spaces/{space}/markread", {}),
    "ann meets bob": (ANN, "GET", f"/spaces/direct/user/{{{BOB}}}", None),
    "bob meets ann": (BOB, "GET", f"/spaces/direct/user/{{{ANN}}}", None),
}


@settings(max_examples=15)
@given(names=st.lists(st.sampled_from(sorted(CALLS)), min_size=4, max_size=10))
def test_overlapping_calls_happen_one_after_the_other(server: Server, names: list[str]) -> None:
    """Whoever does what at once: every commit leaves the world as it must be, and nobody meets a bug."""

    async def scenario(cloud: Cloud) -> None:
        answers = await asyncio.gather(*(cloud.call(*CALLS[name]) for name in names))
        assert set(codes(answers)) <= {200, 403, 404}, [answer.text for answer in answers]

    overlap(server, scenario)


ROUNDS = range(4)


@pytest.mark.parametrize("_round", ROUNDS)
def test_a_removed_members_message_is_refused_or_was_there_before(server: Server, _round: int) -> None:
    """What was accepted was heard by the one who is removed before their removal; what was refused, by nobody."""

    async def scenario(cloud: Cloud) -> None:
        bob, cleo = await cloud.socket(BOB), await cloud.socket(CLEO)
        said = {"category": "chat", "topicId": cloud.space, "content": {"bodyText": "from the socket"}}
        calls = [cloud.call(*CALLS["bob writes"]) for _ in range(4)]
        await bob.say("SEND_MESSAGE", said)
        *written, removed = await asyncio.gather(*calls, cloud.call(*CALLS["ann removes bob"]))
        await bob.say("SEND_MESSAGE", said)
        assert removed.status_code == 200
        own, others = await bob.heard(), await cleo.heard()
        names = [name for name, _ in own]
        end = names.index("CHANNEL_UNSUBSCRIBED")
        accepted = {answer.json()["data"][0]["_id"] for answer in written if answer.status_code == 200}
        before = {payload["_id"] for name, payload in own[:end] if name == "MESSAGE_SENT"}
        assert accepted <= before
        assert "MESSAGE_SENT" not in names[end:]
        assert before == {payload["_id"] for name, payload in others if name == "MESSAGE_SENT" and sent(payload)}
        listed = (await cloud.call(ANN, "GET", "/spaces/{space}/messages/query?category=chat")).json()["data"]
        assert {one["_id"] for one in listed} == before

    overlap(server, scenario)


def sent(payload: Any) -> bool:
    return payload.get("category") in SENT


@pytest.mark.parametrize("way", ["removes", "demotes", "leaves"])
@pytest.mark.parametrize("_round", ROUNDS)
def test_a_space_keeps_an_admin(server: Server, way: str, _round: int) -> None:
    """Two admins who remove or demote each other, or leave at once: one of them stays."""

    async def scenario(cloud: Cloud) -> None:
        chosen = [name for name in CALLS if name.split()[1] == way and name.split()[0] in ("ann", "bob")]
        calls = [CALLS[name] for name in chosen if "cleo" not in name]
        assert len(calls) == 2
        assert sorted(codes(await asyncio.gather(*(cloud.call(*one) for one in calls)))) == [200, 403]

    overlap(server, scenario)


@pytest.mark.parametrize("_round", ROUNDS)
def test_nothing_is_left_of_a_deleted_space(server: Server, _round: int) -> None:
    """Who joins, writes, invites or subscribes while a space is deleted is refused, or was there before."""

    async def scenario(cloud: Cloud) -> None:
        rita = await cloud.socket(RITA) if _round % 2 else None
        names = ["rita joins", "cleo writes", "bob invites rita", "cleo has an idea", "ann deletes", "bob renames"]
        answers = await asyncio.gather(*(cloud.call(*CALLS[name]) for name in names))
        assert set(codes(answers)) <= {200, 404}
        state = cloud.world.state
        for collection in (state.members, state.invites):
            assert collection.partition("space", cloud.space) == []
        assert state.messages.partition("changed", cloud.space) == []
        if rita is not None:
            assert (await rita.heard())[-1][0] == "CHANNEL_UNSUBSCRIBED"
        assert cloud.world.presence.in_space(cloud.space) == []

    overlap(server, scenario)


@pytest.mark.parametrize("_round", ROUNDS)
def test_a_direct_space_is_one_from_both_sides(server: Server, _round: int) -> None:
    """Both partners ask at once, more than once, and get one space."""

    async def scenario(cloud: Cloud) -> None:
        calls = [CALLS["ann meets bob"], CALLS["bob meets ann"]] * 3
        answers = await asyncio.gather(*(cloud.call(*one) for one in calls))
        assert len({answer.json()["data"][0]["_id"] for answer in answers}) == 1

    overlap(server, scenario)


def test_no_change_of_a_user_or_of_a_space_is_lost(server: Server) -> None:
    """Changes of different members of one thing at once are all there afterwards."""

    async def scenario(cloud: Cloud) -> None:
        own = (await cloud.call(BOB, "GET", "/users/me/settings")).json()["data"][0]["_id"]
        flags = ("muteaudio", "mutevideo", "disableAutoJoin", "autoHideWebTutorial")
        await asyncio.gather(
            cloud.control("PATCH", f"/users/{BOB}", {"displayname": "Bobby"}),
            cloud.control("PATCH", f"/users/{BOB}", {"password": "another"}),
            *(cloud.call(BOB, "POST", f"/users/me/settings/{own}", {name: True}) for name in flags),
            *(cloud.call(ANN, "POST", "/spaces/{space}", {"settings": {f"x{n}": n}}) for n in range(4)),
        )
        user = await cloud.control("PATCH", f"/users/{BOB}", {})
        assert (user["displayname"], user["password"]) == ("Bobby", "another")
        kept = (await cloud.call(BOB, "GET", "/users/me/settings")).json()["data"][0]
        assert [kept[name] for name in flags] == [True] * len(flags)
        space = (await cloud.call(ANN, "GET", "/spaces/{space}")).json()
        assert [space["settings"][f"x{n}"] for n in range(4)] == list(range(4))

    overlap(server, scenario)


@pytest.mark.parametrize("_round", ROUNDS)
def test_an_address_is_taken_once(server: Server, _round: int) -> None:
    """Of several users made with one address at once one is made."""

    async def scenario(cloud: Cloud) -> None:
        calls = [cloud.http.post(f"{cloud.control_url}/users", json={"username": "new@example.com"}) for _ in range(5)]
        assert sorted(codes(await asyncio.gather(*calls))) == [200] + 4 * [409]

    overlap(server, scenario)


@pytest.mark.parametrize("_round", ROUNDS)
def test_a_code_is_exchanged_once(server: Server, _round: int) -> None:
    """Of several exchanges of one code at once one gets tokens, and the others have revoked them."""
    profile = Profile("mock", "mock", control=f"{server.url}/_mock")
    with httpx.Client(trust_env=False, timeout=30) as http, mock_cloud(profile, http) as cloud:
        client = oauth.register(cloud)
        value = oauth.code(cloud, client)
        with ThreadPoolExecutor(5) as pool:
            answers = list(pool.map(lambda _: oauth.exchange(cloud, client, value), range(5)))
        assert sorted(codes(answers)) == [200] + 4 * [400]
        (won,) = [answer.json() for answer in answers if answer.status_code == 200]
        assert not oauth.works(cloud, won["access_token"])


# --- and it is the transaction that does it


def check_rights_before_entering(patch: pytest.MonkeyPatch) -> None:
    """Let every call find out before its turn whether its caller may enter a space, and rely on that inside."""
    carry_out, note, admit = Transactions.carry_out, Log.note, access.admit
    looking = set[object]()
    admitted: dict[object, access.Standing] = {}

    async def early(turns: Transactions, call: Callable[[], Awaitable[Result]], *more: Any) -> Result:
        task = asyncio.current_task()
        looking.add(task)
        with contextlib.suppress(Exception):
            await call()
        looking.discard(task)
        try:
            return await carry_out(turns, call, *more)
        finally:
            admitted.pop(task, None)

    def looking_note(log: Log, *change: Any) -> None:
        if asyncio.current_task() in looking:
            raise RuntimeError
        note(log, *change)

    async def remembering_admit(*args: Any, **options: Any) -> access.Standing:
        task = asyncio.current_task()
        if task not in admitted:
            found = await admit(*args, **options)
            if task not in looking:
                return found
            admitted[task] = found
        return admitted[task]

    patch.setattr(Transactions, "carry_out", early)
    patch.setattr(Log, "note", looking_note)
    patch.setattr(access, "admit", remembering_admit)


def test_whoever_checks_rights_before_entering_is_found_out() -> None:
    """With rights checked before the turn these tests fail: a removed member's message is stored."""

    async def scenario(cloud: Cloud) -> None:
        invitation = {"invitees": [{"invitee": BOB, "role": "admin"}]}
        while not cloud.wrong:
            calls = [CALLS["bob writes"], CALLS["ann removes bob"], *[CALLS["bob writes"]] * 3]
            await asyncio.gather(*(cloud.call(*one) for one in calls))
            await cloud.call(ANN, "POST", "/spaces/{space}/invite", invitation)

    with pytest.MonkeyPatch.context() as patch:
        yield_everywhere(patch, drawn_pause(1))
        check_rights_before_entering(patch)
        with Server(Config(port=0)) as running, pytest.raises(AssertionError, match="no member any more"):
            overlap(running, scenario)
