"""Nothing can be forgotten: what a world or its state gains has to be named here or in the snapshot."""

import msgspec

from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.store.state import OF_A_RUN
from mockspaces.cloud.worlds.snapshots import Snapshot, StateDocument
from mockspaces.contract import Contract

# What a world has beside its state, and why that is no truth that a snapshot would have to hold.
BESIDE_THE_STATE = {
    "name": "a snapshot may move to another world",
    "origins": "where it is reached is its host's affair",
    "subscribers": "the surfaces that listen",
    "journal": "what happened stays what happened",
    "transactions": "nothing is under way between calls",
    "_initial": "what a reset goes back to",
    "_open": "whether others are let in already",
    "_skew": "how far the clock that all processes share is from that of the machine",
    "clock": "reads and changes a fact",
    "ids": "as clock",
    "signing_keys": "as clock",
    "faults": "reads and changes a collection",
    "misbehaviours": "as faults",
    "presence": "as faults",
    "signatures": "a cache",
    "tokens": "a cache",
}
# What a snapshot shows outside of its member `state`, since each has a form of its own there.
FACTS_WITH_A_FORM = {"clock", "settings", "contract", "random", "master_secret", "signing_keys"}


def a_world() -> World:
    return World("w", Origins("http://127.0.0.1"), contract=Contract.shipped(), random_seed="seed")


def test_snapshot_has_every_member_of_the_state() -> None:
    """A collection or fact that is added to the state and neither to the snapshot nor to a run fails here."""
    assert {*StateDocument.__struct_fields__, *OF_A_RUN, *FACTS_WITH_A_FORM} == set(a_world().state.stores)
    assert set(Snapshot.__struct_fields__) - {"mockspaces_snapshot", "state"} == FACTS_WITH_A_FORM
    assert OF_A_RUN.isdisjoint(StateDocument.__struct_fields__)


def test_nothing_is_true_beside_the_stores() -> None:
    """Whatever a world or a state holds beside collections and facts is named with a reason."""
    world = a_world()
    assert set(vars(world)) == {*BESIDE_THE_STATE, "state"}
    assert set(vars(world.state)) == {*world.state.stores, "log", "_caches"}


def test_every_store_reports_under_its_name() -> None:
    """A change can be told to somebody else by the name of its store and its key."""
    stores = a_world().state.stores
    assert {name: store.name for name, store in stores.items()} == {name: name for name in stores}


def test_position_of_a_seeded_source_comes_back() -> None:
    """A seeded world goes on drawing where the snapshot was taken, so that ids repeat and never collide."""
    world, twin = a_world(), a_world()
    world.ids.token()
    twin.state.random.put(world.state.random.value)
    assert twin.ids.token() == world.ids.token()
    twin.state.random.put(None)
    assert twin.ids.token() != world.ids.token()


def test_overlay_of_a_contract_leads_back_to_it() -> None:
    """The difference of a contract from the shipped one, laid over the shipped one, is that contract."""
    overlay = {
        "errors": {"space.not_found": {"status": 410}},
        "endpoints": {"USERS-ME": {"permission": "RoleAdmin"}},
        "limits": {"invitees": 3},
    }
    contract = Contract.shipped().overlaid(overlay)
    assert contract.overlay() == overlay
    assert Contract.shipped().overlaid(contract.overlay()) == contract
    assert msgspec.to_builtins(Contract.shipped().overlay()) == {}
