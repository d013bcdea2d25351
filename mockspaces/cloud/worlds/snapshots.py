"""The whole state of a world as one document, out and in again.

A snapshot holds what makes a world answer as it does: entities, clock, settings, contract overlay, secrets and
keys, so that every token, link and page URL issued before stays valid. What belongs to a run is left out:
journal, planned faults and misbehaviours, counts of rate limits, open sockets.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import msgspec

from mockspaces.cloud.kernel.clock import LATEST
from mockspaces.cloud.kernel.keys import load
from mockspaces.cloud.kernel.rejection import invalid, located
from mockspaces.cloud.kernel.slices import SLICE, pause
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


class Head(Strict, frozen=True, kw_only=True):
    """All of a world but its entities. ``random`` is the position of a seeded source of ids, null for the system's."""

    mockspaces_snapshot: Literal[1]
    clock: ClockDocument
    settings: Settings
    contract: dict[str, Any]
    random: Randomness | None
    master_secret: bytes
    signing_keys: KeysDocument


class Snapshot(Head, frozen=True, kw_only=True):
    """A whole world."""

    state: StateDocument


class Skipped(msgspec.Struct, frozen=True):
    """Any object; nothing of it is kept."""


_FIELDS = {field.name: field.type for field in msgspec.structs.fields(StateDocument)}
ENTITIES = {name: get_args(kind)[0] for name, kind in _FIELDS.items() if get_origin(kind) is tuple}
if TYPE_CHECKING:
    StateOutline = StateDocument
else:
    StateOutline = msgspec.defstruct(
        "StateOutline",
        [(name, list[Skipped] if name in ENTITIES else kind) for name, kind in _FIELDS.items()],
        bases=(Strict,),
        kw_only=True,
        frozen=True,
    )


class Outline(Head, frozen=True, kw_only=True):
    """A snapshot whose entities are known to be objects, and are not read."""

    state: StateOutline


class Texts(msgspec.Struct, frozen=True):
    """The text of each collection of a snapshot."""

    state: dict[str, msgspec.Raw]


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


Decode = Callable[[bytes | msgspec.Raw, Any], Any]


async def read(text: bytes, decode: Decode) -> Snapshot:
    """Return the snapshot that a text is. Refuses members that a restore would lose.

    ``decode`` returns a text as a type, or refuses it. It takes apart in one go what it must; others have their turn
    in between, and while entities are decoded.
    """
    outline = decode(text, Outline)
    await asyncio.sleep(0)
    texts = msgspec.json.decode(text, type=Texts).state
    state = msgspec.structs.asdict(outline.state)
    for name, kind in ENTITIES.items():
        await asyncio.sleep(0)
        entities = []
        for number, one in enumerate(msgspec.json.decode(texts[name], type=list[msgspec.Raw])):
            await pause(number)
            with located(f"state.{name}[{number}]"):
                entities.append(decode(one, kind))
                _refuse_more(msgspec.json.decode(one), json.loads(msgspec.json.encode(entities[-1])), "")
        state[name] = tuple(entities)
    head = {name: getattr(outline, name) for name in Head.__struct_fields__}
    return Snapshot(**head, state=StateDocument(**state))


async def written(snapshot: Snapshot) -> list[bytes]:
    """Return a snapshot as JSON, in parts; others have their turn while it is encoded."""
    facts = {name: getattr(snapshot.state, name) for name in _FIELDS if name not in ENTITIES}
    head = {name: getattr(snapshot, name) for name in Head.__struct_fields__}
    parts = [msgspec.json.encode({**head, "state": facts}).removesuffix(b"}}")]
    for name in ENTITIES:
        parts.append(b',"%s":[' % name.encode())
        entities = getattr(snapshot.state, name)
        for begin in range(0, len(entities), SLICE):
            await asyncio.sleep(0)
            slice_ = b",".join(map(msgspec.json.encode, entities[begin : begin + SLICE]))
            parts.append(b"," + slice_ if begin else slice_)
        parts.append(b"]")
    return [*parts, b"}}"]


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
    stores = state.stores
    for name in snapshot.state.__struct_fields__:
        given, store = getattr(snapshot.state, name), stores[name]
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
        _ = load(pem).loaded
    except (ValueError, TypeError) as error:
        raise invalid(where, f"no RSA private key: {error}") from None
