"""The tool that breaks every call at each of its changes: it notices what a broken call leaves."""

from collections.abc import Callable

import pytest

from mockspaces.app import App, create_app
from mockspaces.cloud.kernel.journal import Entry
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import OAuthClient
from mockspaces.config import Config
from tests.breaking import EACH, Breaking, moments, uncovered, wrongly_kept


@pytest.fixture
async def app() -> App:
    made = create_app(Config(port=0))
    await made.start()
    return made


def client(number: int) -> OAuthClient:
    return OAuthClient(id=f"client{number}", name="Client", secret="s", redirect_uris=())


def journal(world: World) -> None:
    """Tell of something that does not happen."""
    world.journal.record(Entry(time=0, surface="rest", method="GET", path="/", status=200))


def fact(world: World) -> None:
    """Change a fact without a word."""
    world.state.activities.value += 1


def index(world: World) -> None:
    """Forget an index."""
    one = world.state.users.every()[0]
    world.state.users._indexes["address"]._entries.pop(one.username, None)


async def test_a_call_without_mistakes_breaks_and_is_carried_out_once(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It breaks before each change, leaves nothing, and in the end has happened once."""
    breaking, world = Breaking(monkeypatch, app), app.worlds.named("default").world
    before, runs = len(world.state.clients), []

    async def call() -> str:
        runs.append(1)
        for number in range(3):
            await world.state.clients.put(client(number))
        return "done"

    assert await world.transactions.carry_out(call) == "done"
    assert len(runs) == 4
    assert len(world.state.clients) == before + 3
    assert (breaking.broken["call"], breaking.left) == (3, [])


@pytest.mark.parametrize(("mistake", "store"), [(journal, "journal"), (fact, "activities"), (index, "users")])
async def test_what_a_broken_call_leaves_is_noticed(
    app: App, monkeypatch: pytest.MonkeyPatch, mistake: Callable[[World], None], store: str
) -> None:
    """Whatever is changed past the doors stays when the call breaks, and is named."""
    breaking, world = Breaking(monkeypatch, app), app.worlds.named("default").world

    async def call() -> None:
        mistake(world)
        await world.state.clients.put(client(1))

    await world.transactions.carry_out(call)
    assert breaking.left == [f"call broke at clients client1 and left {store}"]


async def test_what_a_refusal_keeps_is_noticed(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands before the mark is named by its store; only faults, quotas and replayed grants may stay."""
    breaking, world = Breaking(monkeypatch, app), app.worlds.named("default").world

    async def call() -> None:
        await world.state.clients.put(client(1))
        world.transactions.keep()
        await world.state.grants.delete("unknown")
        world.state.activities.put(7)
        raise Rejection("space.not_found", "no")

    with pytest.raises(Rejection):
        await world.transactions.carry_out(call)
    assert (breaking.left, breaking.kept) == ([], {("call", "clients")})
    assert wrongly_kept(breaking.kept) == ["a refusal of call kept clients"]
    assert wrongly_kept({("ACC-TOKEN", "grants"), ("SPACES-CREATE", "quotas"), ("connect", "faults")}) == []
    assert wrongly_kept({("ACC-REVOKE", "grants")}) == ["a refusal of ACC-REVOKE kept grants"]


def test_each_of_the_first_changes_breaks() -> None:
    """None of the changes that calls usually make is left out, and of hundreds a dozen more are tried."""
    drawn = moments()
    first = [next(drawn) for _ in range(EACH + 12)]
    assert first[:EACH] == list(range(EACH))
    assert first[EACH:] == sorted(set(first[EACH:]))
    assert first[-1] > 700


def test_what_never_came_to_its_end_is_missing() -> None:
    """Rows that enter a transaction, events, connects and disconnects are all expected; the others are not."""
    assert {"SPACES-CREATE", "ACC-TOKEN", "STO-PUT", "CTRL-USER", "WEB-JOIN", "SEND_MESSAGE", "connect"} <= set(
        uncovered({})
    )
    assert "CTRL-RESET" not in uncovered({})
    assert "SPACES-CREATE" not in uncovered({"SPACES-CREATE": 3})
