"""Change sets as bytes: what was put and deleted by collection, and the facts that changed, in their order.

A snapshot has the same form: change sets that put everything. Entities are MessagePack, which knows no number of more
than 64 bits; a set with a larger one, which clients may send where anything is allowed, is JSON. The two are told
apart by their first byte. Times and names are as in the entities, and whatever changes them changes `FORMAT`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from mockspaces.cloud.store.collection import Collection
from mockspaces.cloud.store.facts import Fact
from mockspaces.cloud.store.run import Connection, Fault, Misbehaviour, PhoneCall, QuotaWindow, Reservation, Said
from mockspaces.cloud.store.state import ClockSetting, Randomness, SigningKey, State
from mockspaces.cloud.store.transaction import Change
from mockspaces.cloud.worlds.snapshots import ENTITIES
from mockspaces.contract import Contract
from mockspaces.contract.settings import Settings

FORMAT = 3  # of entities and facts; a test holds their shape, so that no change of it goes unnoticed
PART_BYTES = 128 * 1024  # of a snapshot, roughly
JSON = b"["

SAID = "said"  # no store: what sockets are told, in its order
KINDS: Mapping[str, Any] = {
    **ENTITIES,
    "connections": Connection,
    "calls": PhoneCall,
    "quotas": QuotaWindow,
    "reservations": Reservation,
    "faults": Fault,
    "misbehaviours": Misbehaviour,
    "contract": dict[str, Any],  # its overlay
    "settings": Settings,
    "clock": ClockSetting,
    "random": Randomness | None,
    "master_secret": bytes,
    "signing_keys": tuple[SigningKey, ...],
    "activities": int,
    "stored_bytes": int,
    "connected": int,
    "subscribed": int,
    SAID: Said,
}
_BINARY = {name: msgspec.msgpack.Decoder(kind) for name, kind in KINDS.items()}
_TEXT = {name: msgspec.json.Decoder(kind) for name, kind in KINDS.items()}
Item = tuple[str, str | None, msgspec.Raw]  # store, key if it is a deletion, else what is put
_ITEMS, _TEXT_ITEMS = msgspec.msgpack.Decoder(list[Item]), msgspec.json.Decoder(list[Item])
_encode = msgspec.msgpack.Encoder().encode


class Alteration(NamedTuple):
    """Something that is put into a store, or deleted from it if there is a key."""

    store: str
    key: str | None
    value: Any


def encoded(changes: Sequence[Change], said: Sequence[Said] = ()) -> bytes:
    """Return what transactions have changed, and said to sockets; nothing if that is nothing to be stored."""
    shown: list[tuple[str, str | None, Any]] = []
    places: dict[tuple[str, str], int] = {}
    deleted = any(change.new is None and isinstance(change.store, Collection) for change in changes)
    for change in changes:
        store, key, new = change.store, change.key, change.new
        name = store.name
        item = (name, None, new) if new is not None or not isinstance(store, Collection) else (name, key, None)
        if name == "contract":
            item = (name, None, new.overlay())
        if not deleted:  # then only the last state of each counts, and their order is that of their first ones
            place = places.setdefault((name, key), len(shown))
            if place < len(shown):
                shown[place] = item
                continue
        shown.append(item)
    shown += [(SAID, None, one) for one in said]
    return _bytes(shown) if shown else b""


def _bytes(items: Sequence[tuple[str, str | None, Any]]) -> bytes:
    try:
        return _encode(items)
    except OverflowError:  # what sockets are told may be bytes, which JSON has as a text, and stays MessagePack in it
        return msgspec.json.encode([(name, key, _encode(one) if name == SAID else one) for name, key, one in items])


def decoded(data: bytes) -> list[Alteration]:
    """Return a change set. Raises `ValueError` for what this program cannot read."""
    text = data.startswith(JSON)
    items, kinds = (_TEXT_ITEMS, _TEXT) if text else (_ITEMS, _BINARY)
    found = []
    for name, key, value in items.decode(data):
        if name not in KINDS:
            raise ValueError(f'there is no store "{name}"')
        if text and name == SAID:
            found.append(Alteration(name, key, _BINARY[SAID].decode(msgspec.json.decode(value, type=bytes))))
        else:
            found.append(Alteration(name, key, kinds[name].decode(value) if key is None else None))
    return found


def apply(state: State, alterations: Iterable[Alteration]) -> None:
    """Carry out a change set on a state that nobody else sees meanwhile.

    All at once, as in the transactions: what is deleted and made anew keeps its place in the order.
    """
    stores, log = state.stores, state.log
    log.changes = []
    for name, key, value in alterations:
        if name == SAID:
            continue
        store = stores[name]
        if isinstance(store, Fact):
            store.put(Contract.shipped().overlaid(value) if name == "contract" else value)
        elif key is not None:
            store.remove(key)
        else:
            store.store(value)
    for done in log.changes:
        if done.new is None:
            done.store.forget(done.key)
    log.changes = None


def spoken(alterations: Iterable[Alteration]) -> list[Said]:
    """Return what sockets are told, in its order."""
    return [one.value for one in alterations if one.store == SAID]


Content = list[tuple[str, Any]]


def content(state: State) -> Content:
    """Return all that a state holds at this moment: references only, since entities are frozen."""
    stores = list(state.stores.items())
    facts: Content = [(name, store.value) for name, store in stores if isinstance(store, Fact)]
    return facts + [(name, store.every()) for name, store in stores if isinstance(store, Collection)]


def parts(found: Content) -> Iterator[bytes]:
    """Yield what a state held as change sets of a size that is encoded in no time."""
    items: list[Item] = []
    size = 0
    for name, value in found:
        shown = value.overlay() if isinstance(value, Contract) else value
        for one in shown if isinstance(value, list) else (shown,):
            try:
                raw = _encode(one)
            except OverflowError:
                yield msgspec.json.encode([(name, None, one)])
                continue
            items.append((name, None, msgspec.Raw(raw)))
            size += len(raw)
            if size > PART_BYTES:
                yield _encode(items)
                items, size = [], 0
    if items:
        yield _encode(items)
