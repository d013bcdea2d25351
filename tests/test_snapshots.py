"""Nothing can be forgotten: what a world or its state gains has to be named here or in the snapshot."""

import msgspec

from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.store.state import State
from mockspaces.cloud.worlds.snapshots import DERIVED, Snapshot, StateDocument
from mockspaces.contract import Contract

# What a world consists of and a snapshot leaves out, with the reason.
LEFT_OUT = {
    "name": "a snapshot may move to another world",
    "origins": "where it is reached is its host's affair",
    "subscribers": "the surfaces that listen",
    "faults": "planned by a test for its own run",
    "misbehaviours": "as faults",
    "journal": "what happened stays what happened",
    "quotas": "counts of a run",
    "presence": "open sockets are closed by a restore",
    "signatures": "a cache",
    "tokens": "a cache",
    "_initial": "what a reset goes back to",
    "_random_seed": "as _initial",
    "_checkpoint": "a tool of tests",
    "_locks": "held by nobody between calls",
}
# What a snapshot has under another name.
RENAMED = {"ids": "random"}


def a_world() -> World:
    return World("w", Origins("http://127.0.0.1"), contract=Contract.shipped(), random_seed="seed")


def test_snapshot_has_every_member_of_the_state() -> None:
    """A collection that is added to the state and not to the snapshot fails here."""
    assert {*StateDocument.__struct_fields__, *DERIVED} == set(vars(State()))


def test_snapshot_has_every_member_of_the_world_or_a_reason() -> None:
    """Whatever a world holds is in its snapshot, or left out for a reason that is written down."""
    members = {RENAMED.get(name, name) for name in vars(a_world())} - LEFT_OUT.keys()
    assert members == set(Snapshot.__struct_fields__) - {"mockspaces_snapshot"}


def test_position_of_a_seeded_source_comes_back() -> None:
    """A seeded world goes on drawing where the snapshot was taken, so that ids repeat and never collide."""
    world, twin = a_world(), a_world()
    world.ids.token()
    twin.ids.position = world.ids.position
    assert twin.ids.token() == world.ids.token()
    twin.ids.position = None
    assert twin.ids.position is None
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
