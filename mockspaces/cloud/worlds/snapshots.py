"""The whole state of a world as one document, out and in again.

A snapshot holds what makes a world answer as it does: entities, clock, settings, contract overlay, secrets and
keys, so that every token, link and page URL issued before stays valid. What belongs to a run is left out:
journal, planned faults and misbehaviours, counts of rate limits, open sockets.
"""

import json
import random
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from mockspaces.cloud.kernel.clock import LATEST
from mockspaces.cloud.kernel.ids import Position
from mockspaces.cloud.kernel.keys import KeyPair, load
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store import entities as e
from mockspaces.cloud.store.collection import Collection
from mockspaces.cloud.store.state import State
from mockspaces.contract import Contract, OverlayError, nearest
from mockspaces.contract.settings import Settings

# Members of `State` that are made anew from the others, or count what is under way.
DERIVED = ("directories", "acquaintances", "encounters", "incoming_bytes")
PAIRS = ("user_jwt_expiries",)  # dictionaries whose keys are no texts, shown as pairs


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shape that refuses what it does not know."""


class StateDocument(Strict, frozen=True, kw_only=True):
    """Every member of `State` by its name; a test keeps the two alike."""

    companies: tuple[e.Company, ...]
    users: tuple[e.User, ...]
    addresses: dict[str, str]
    domains: dict[str, str]
    anonymous: tuple[e.AnonymousUser, ...]
    clients: tuple[e.OAuthClient, ...]
    apps: tuple[e.ServiceApp, ...]
    app_keys: tuple[e.AppKey, ...]
    grants: tuple[e.Grant, ...]
    access_tokens: tuple[e.AccessToken, ...]
    issued_jwts: tuple[e.IssuedJwt, ...]
    user_jwt_expiries: tuple[tuple[tuple[str, ...], dict[int, int]], ...]
    issued_id_tokens: tuple[e.IssuedIdToken, ...]
    codes: tuple[e.AuthorizationCode, ...]
    refresh_tokens: tuple[e.RefreshToken, ...]
    login_sessions: tuple[e.LoginSession, ...]
    product_profiles: tuple[e.ProductProfile, ...]
    space_tokens: tuple[e.SpaceToken, ...]
    spaces: tuple[e.Space, ...]
    conference_ids: tuple[str, ...]
    activities: int
    members: tuple[e.Member, ...]
    user_spaces: tuple[e.UserSpace, ...]
    preferences: tuple[e.Preferences, ...]
    push_subscriptions: tuple[e.PushSubscription, ...]
    invites: tuple[e.Invite, ...]
    messages: tuple[e.Message, ...]
    message_times: dict[str, int]
    files: tuple[e.StoredFile, ...]
    stored_bytes: int
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
    random: Position | None
    master_secret: bytes
    signing_keys: KeysDocument
    state: StateDocument


async def take(world: World) -> Snapshot:
    """Return the present state of a world."""
    offset, frozen = world.clock.setting
    return Snapshot(
        mockspaces_snapshot=1,
        clock=ClockDocument(offset=offset, frozen=frozen),
        settings=world.settings,
        contract=world.contract.overlay(),
        random=world.ids.position,
        master_secret=world.master_secret,
        signing_keys=KeysDocument(
            current=world.signing_keys.current, pem={name: key.pem for name, key in world.signing_keys.items()}
        ),
        state=StateDocument(
            **{name: await _shown(name, getattr(world.state, name)) for name in StateDocument.__struct_fields__}
        ),
    )


async def _shown(name: str, value: Any) -> Any:
    if isinstance(value, Collection):
        return tuple(await value.all())
    if isinstance(value, set):
        return tuple(sorted(value))
    if name in PAIRS:
        return tuple(value.items())
    return value


def refuse_more(given: object, snapshot: Snapshot) -> None:
    """Refuse a decoded document with members that a restore would lose."""
    _refuse_more(given, json.loads(msgspec.json.encode(snapshot)), "")


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


class Restoration:
    """A snapshot made ready for one world: everything that can fail has succeeded, `apply` cannot."""

    def __init__(
        self, world: World, snapshot: Snapshot, state: State, contract: Contract, keys: Mapping[str, KeyPair]
    ) -> None:
        """Bundle what `prepare` made."""
        self._world = world
        self._snapshot = snapshot
        self._state = state
        self._contract = contract
        self._keys = keys

    def apply(self) -> None:
        """Let the world be what the snapshot says, at once."""
        world, snapshot = self._world, self._snapshot
        world.clock.setting = (snapshot.clock.offset, snapshot.clock.frozen)
        world.ids.position = snapshot.random
        world.settings, world.contract, world.state = snapshot.settings, self._contract, self._state
        world.adopt_secrets(snapshot.master_secret, self._keys, snapshot.signing_keys.current)


async def prepare(world: World, snapshot: Snapshot) -> Restoration:
    """Check a snapshot and make its state. Refuses a contradictory one; the world stays as it is."""
    keys = snapshot.signing_keys
    if keys.current not in keys.pem:
        raise invalid("signing_keys.current", "names none of the keys")
    pairs: dict[str, KeyPair] = {}
    for name, pem in keys.pem.items():
        pairs[name] = _key(f"signing_keys.pem.{name}", pem)
    for number, key in enumerate(snapshot.state.app_keys):
        _key(f"state.app_keys[{number}].material", key.material)
    if snapshot.random is not None:
        _check_random(snapshot.random)
    try:
        contract = Contract.shipped().overlaid(snapshot.contract)
    except OverlayError as error:
        raise invalid("contract", str(error)) from None
    return Restoration(world, snapshot, await _state(world, snapshot.state), contract, pairs)


def _key(where: str, pem: str) -> KeyPair:
    try:
        return load(pem)
    except (ValueError, TypeError) as error:
        raise invalid(where, f"no RSA private key: {error}") from None


def _check_random(position: Position) -> None:
    try:
        random.Random().setstate(position)
    except (ValueError, TypeError, OverflowError) as error:
        raise invalid("random", str(error)) from None


async def _state(world: World, document: StateDocument) -> State:
    state = world.new_state()
    for name in document.__struct_fields__:
        given, place = getattr(document, name), getattr(state, name)
        if isinstance(place, Collection):
            for entity in given:
                await place.put(entity)
            if len(place) != len(given):
                raise invalid(f"state.{name}", "two entities have the same id")
        else:
            setattr(state, name, type(place)(given))
    return state
