"""The whole state of a world as one document, out and in again.

A snapshot holds what makes a world answer as it does: entities, clock, settings, contract overlay, secrets and
keys, so that every token, link and page URL issued before stays valid. What belongs to a run is left out:
journal, planned faults and misbehaviours, counts of rate limits, open sockets.
"""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec

from mockspaces.cloud.kernel.clock import LATEST
from mockspaces.cloud.kernel.keys import load
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.kernel.slices import pause
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store import entities as e
from mockspaces.cloud.store.facts import Fact
from mockspaces.cloud.store.state import ClockSetting, Randomness, SigningKey, State
from mockspaces.contract import Contract, OverlayError, nearest
from mockspaces.contract.settings import Settings


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shape that refuses what it does not know."""


class StateDocument(Strict, frozen=True, kw_only=True):
    """Every collection and sum of `State` by its name; a test keeps the two alike."""

    companies: tuple[e.Company, ...]
    users: tuple[e.User, ...]
    anonymous: tuple[e.AnonymousUser, ...]
    clients: tuple[e.OAuthClient, ...]
    apps: tuple[e.ServiceApp, ...]
    app_keys: tuple[e.AppKey, ...]
    grants: tuple[e.Grant, ...]
    access_tokens: tuple[e.AccessToken, ...]
    issued_jwts: tuple[e.IssuedJwt, ...]
    issued_id_tokens: tuple[e.IssuedIdToken, ...]
    codes: tuple[e.AuthorizationCode, ...]
    refresh_tokens: tuple[e.RefreshToken, ...]
    login_sessions: tuple[e.LoginSession, ...]
    product_profiles: tuple[e.ProductProfile, ...]
    space_tokens: tuple[e.SpaceToken, ...]
    spaces: tuple[e.Space, ...]
    activities: e.Count
    members: tuple[e.Member, ...]
    user_spaces: tuple[e.UserSpace, ...]
    preferences: tuple[e.Preferences, ...]
    push_subscriptions: tuple[e.PushSubscription, ...]
    invites: tuple[e.Invite, ...]
    messages: tuple[e.Message, ...]
    message_times: tuple[e.SpaceTime, ...]
    files: tuple[e.StoredFile, ...]
    contents: tuple[e.Content, ...]
    stored_bytes: e.Count
    outbox: tuple[e.Mail, ...]


class KeysDocument(Strict, frozen=True, kw_only=True):
    """The keys that sign user JWTs as PEM texts by id, oldest first."""

    current: str
    pem: dict[str, str]


class ClockDocument(Strict, frozen=True, kw_only=True):
    """How the world's clock differs from the machine's."""

    offset: Annotated[float, msgspec.Meta(ge=-LATEST, le=LATEST)]
    frozen: Annotated[float, msgspec.Meta(ge=0, le=LATEST)] | None


class Snapshot(Strict, frozen=True, kw_only=True):
    """A whole world. ``random`` is the position of a seeded source of ids, null for the system's randomness."""

    mockspaces_snapshot: Literal[1]
    clock: ClockDocument
    settings: Settings
    contract: dict[str, Any]
    random: Randomness | None
    master_secret: bytes
    signing_keys: KeysDocument
    state: StateDocument


async def take(world: World) -> Snapshot:
    """Return the present state of a world. Entities are frozen, so only references are copied."""
    state = world.state
    now = state.clock.value
    shown: dict[str, Any] = {
        name: store.value if isinstance(store, Fact) else tuple(store.every())
        for name, store in state.stores.items()
        if name in StateDocument.__struct_fields__
    }
    return Snapshot(
        mockspaces_snapshot=1,
        clock=ClockDocument(offset=now.offset, frozen=now.frozen),
        settings=world.settings,
        contract=world.contract.overlay(),
        random=state.random.value,
        master_secret=state.master_secret.value,
        signing_keys=KeysDocument(
            current=world.signing_keys.current, pem={key.id: key.pem for key in state.signing_keys.value}
        ),
        state=StateDocument(**shown),
    )


async def refuse_more(text: bytes, snapshot: Snapshot, check: Callable[[object], None]) -> None:
    """Refuse a document with members that a restore would lose; others have their turn in between.

    ``snapshot`` is what was decoded of it. ``check`` is handed the document in parts, each at its depth.
    """
    given = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    collections = msgspec.json.decode(given.pop("state"), type=dict[str, msgspec.Raw])
    rest = {name: msgspec.json.decode(value) for name, value in given.items()}
    check(rest)
    _refuse_more(rest, json.loads(msgspec.json.encode(msgspec.structs.replace(snapshot, state=None))), "")
    _refuse_more(collections, dict.fromkeys(StateDocument.__struct_fields__), "state")
    for name, value in collections.items():
        kept = getattr(snapshot.state, name)
        if not isinstance(kept, tuple):
            continue
        for number, (ours, theirs) in enumerate(
            zip(msgspec.json.decode(value, type=list[msgspec.Raw]), kept, strict=True)
        ):
            await pause(number)
            entity = msgspec.json.decode(ours)
            check({"state": {name: [entity]}})
            _refuse_more(entity, json.loads(msgspec.json.encode(theirs)), f"state.{name}[{number}]")


def _refuse_more(given: Any, kept: Any, where: str) -> None:
    """Refuse members that a restore would lose."""
    if isinstance(given, Mapping) and isinstance(kept, Mapping):
        for name in given:
            place = f"{where}.{name}".lstrip(".")
            if name not in kept:
                raise invalid(place, f"no such member{nearest(name, list(kept))}")
            _refuse_more(given[name], kept[name], place)
    elif isinstance(given, list) and isinstance(kept, list):
        for number, (ours, theirs) in enumerate(zip(given, kept, strict=True)):
            _refuse_more(ours, theirs, f"{where}[{number}]")


async def prepare(world: World, snapshot: Snapshot) -> State:
    """Return the state that a snapshot describes, for `World.adopt`. Refuses a contradictory one.

    The world stays as it is.
    """
    keys = snapshot.signing_keys
    if keys.current not in keys.pem:
        raise invalid("signing_keys.current", "names none of the keys")
    for name, pem in keys.pem.items():
        _check_key(f"signing_keys.pem.{name}", pem)
    for number, key in enumerate(snapshot.state.app_keys):
        _check_key(f"state.app_keys[{number}].material", key.material)
    try:
        contract = Contract.shipped().overlaid(snapshot.contract)
    except OverlayError as error:
        raise invalid("contract", str(error)) from None
    state = world.new_state()
    state.contract.put(contract)
    state.settings.put(snapshot.settings)
    state.clock.put(ClockSetting(snapshot.clock.offset, snapshot.clock.frozen))
    state.random.put(snapshot.random)
    state.master_secret.put(snapshot.master_secret)
    current = SigningKey(keys.current, keys.pem[keys.current])
    state.signing_keys.put((*(SigningKey(*pair) for pair in keys.pem.items() if pair[0] != current.id), current))
    for name in snapshot.state.__struct_fields__:
        given, store = getattr(snapshot.state, name), state.stores[name]
        if isinstance(store, Fact):
            store.put(given)
            continue
        for number, entity in enumerate(given):
            await pause(number)
            await store.put(entity)
        if len(store) != len(given):
            raise invalid(f"state.{name}", "two entities have the same id")
    return state


def _check_key(where: str, pem: str) -> None:
    try:
        load(pem)
    except (ValueError, TypeError) as error:
        raise invalid(where, f"no RSA private key: {error}") from None
