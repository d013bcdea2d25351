"""A world: one complete, separate deployment of the emulated cloud (AUTH-WORLD-01).

Nothing is global. A token, cookie, id or signed URL of one world is unknown in every other.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from mockspaces.cloud.kernel import keys
from mockspaces.cloud.kernel.clock import Clock, SharedClock
from mockspaces.cloud.kernel.complaints import refusal
from mockspaces.cloud.kernel.events import Event, Subscriber
from mockspaces.cloud.kernel.faults import Faults
from mockspaces.cloud.kernel.ids import Ids, seeded
from mockspaces.cloud.kernel.journal import Journal
from mockspaces.cloud.kernel.jws import SignatureCache, TokenReader, mac
from mockspaces.cloud.kernel.misbehaviour import Misbehaviours
from mockspaces.cloud.kernel.presence import Presence
from mockspaces.cloud.kernel.rejection import Rejection, invalid, not_found
from mockspaces.cloud.store.state import SigningKey, State
from mockspaces.cloud.store.transaction import Transactions
from mockspaces.contract import Contract, OverlayError, errors, nearest
from mockspaces.contract.settings import Settings, wire_name


class Origins(msgspec.Struct, frozen=True):
    """Where the surfaces of a world are reached, without a path of their own (REST-HOST-02).

    All below one base, unless ``names`` gives a service an origin of its own.
    """

    base: str
    names: Mapping[str, str] = {}

    def _of(self, service: str) -> str:
        return self.names.get(service, self.base)

    @property
    def accounts(self) -> str:
        """Origin of the identity server."""
        return self._of("accounts")

    @property
    def rest(self) -> str:
        """Origin of the REST API; its paths begin with ``/api``."""
        return self._of("rest")

    @property
    def storage(self) -> str:
        """Origin of the file storage; no source names a host of its own."""
        return self._of("rest")

    @property
    def socket(self) -> str:
        """Origin of the Socket.IO server."""
        return self._of("socket")

    @property
    def web(self) -> str:
        """Origin of the links for humans."""
        return self._of("web")


class SigningKeys:
    """The RSA keys that sign user JWTs; old ones verify until they are dropped (ACC-UJWT-04)."""

    def __init__(self, state: State, ids: Ids) -> None:
        """Read and change the keys of a state."""
        self._known = state.signing_keys
        self._contract = state.contract
        self._ids = ids

    def rotate(self, *, drop_old: bool = False) -> str:
        """Sign with another key of the pool from now on and return its id; of too many the oldest is dropped."""
        made = SigningKey(self._ids.account_id(), keys.signing(self._ids.choice(1 << 16)).pem)
        most = 1 if drop_old else max(1, self._contract.value.limits.signing_keys)
        self._known.put((*self._known.value, made)[-most:])
        return made.id

    @property
    def current(self) -> str:
        """The id of the key that signs now."""
        return self._known.value[-1].id

    @property
    def current_key(self) -> keys.KeyPair:
        """The key that signs now."""
        return keys.load(self._known.value[-1].pem)

    def __iter__(self) -> Iterator[str]:
        """Go through the ids of all keys that verify, oldest first."""
        return (key.id for key in self._known.value)

    def drop(self, key_id: str) -> None:
        """Forget an old key: what it signed is refused from now on. The current key stays."""
        if key_id not in self:
            raise not_found(errors.KEY_NOT_FOUND, "signing key", key_id)
        if key_id == self.current:
            raise invalid("publickeyid", "names the key that signs now; rotate first")
        self._known.put(tuple(key for key in self._known.value if key.id != key_id))

    def get(self, key_id: str) -> keys.KeyPair | None:
        """Return the key that a ``publickeyid`` names, or None."""
        return next((keys.load(key.pem) for key in self._known.value if key.id == key_id), None)


def changed_settings(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return settings with some changed by their wire names. Refuses unknown names and wrong values."""
    if not changes:  # as twice in every world that is opened
        return settings
    known = [wire_name(field) for field in Settings.__struct_fields__]
    for name in changes:
        if name not in known:
            raise invalid(name, f"no such setting{nearest(name, known)}")
    try:
        return msgspec.convert(msgspec.to_builtins(settings) | dict(changes), Settings)
    except msgspec.ValidationError as error:
        raise refusal(str(error), Settings, whole="settings") from None


class World:
    """One emulated cloud: its state, and what reads and changes it.

    Everything that is true of it stands in ``state``. A call is carried out inside ``async with
    world.transactions``; see `mockspaces.cloud.store.transaction`.
    """

    state: State
    clock: Clock
    ids: Ids
    presence: Presence
    faults: Faults
    misbehaviours: Misbehaviours
    signing_keys: SigningKeys
    signatures: SignatureCache
    tokens: TokenReader

    def __init__(
        self,
        name: str,
        origins: Origins,
        *,
        contract: Contract,
        settings: Settings | None = None,
        random_seed: str | None = None,
        skew: Callable[[], float] | None = None,
    ) -> None:
        """Make an empty world; seeds fill it. Until it is opened only its maker can change it.

        ``skew`` says how many seconds its clock is ahead of this machine's, if it is shared with others.
        """
        self.name = name
        self.origins = origins
        self.journal = Journal(world=name)
        self.transactions = Transactions((Rejection,))
        self.subscribers: list[Subscriber] = []
        self._initial = (contract, settings or Settings(), random_seed)
        self._skew = skew
        self._open = False
        self.adopt(self.new_state())
        self.state.master_secret.put(self.ids.secret())
        self.signing_keys.rotate()

    def new_state(self) -> State:
        """Return an empty state, with the world's own contract, settings and source of ids."""
        contract, settings, random_seed = self._initial
        random = None if random_seed is None else seeded(random_seed, self.name)
        return State(contract=contract, settings=settings, random=random)

    def sibling(self) -> "World":
        """Return a new world as this one was when it was made, to prepare a state that this one may adopt."""
        contract, settings, random_seed = self._initial
        return World(
            self.name,
            self.origins,
            contract=contract,
            settings=settings,
            random_seed=random_seed,
            skew=self._skew,
        )

    def adopt(self, state: State) -> None:
        """Have this state from now on; whatever was derived from another one is forgotten."""
        self.state = state
        self.transactions.log = state.log
        state.log.private = not self._open
        self.clock = Clock(state.clock) if self._skew is None else SharedClock(state.clock, self._skew)
        self.ids = Ids(self.clock, state.random)
        self.presence = Presence(state)
        self.faults = Faults(state.faults, self.ids.fraction)
        self.misbehaviours = Misbehaviours(state.misbehaviours)
        self.signing_keys = SigningKeys(state, self.ids)
        self.signatures = SignatureCache()
        contract = state.contract  # not the world, which would hold itself: one that is dropped is free at once
        self.tokens = TokenReader(lambda: contract.value.limits.token_chars, lambda: contract.value.limits.json_depth)

    def open(self) -> None:
        """Let others in: from now on the state changes in transactions only."""
        self._open, self.state.log.private = True, False

    @property
    def contract(self) -> Contract:
        """The contract in force."""
        return self.state.contract.value

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.state.settings.value

    async def publish(self, event: Event) -> None:
        """Announce a change to whoever listens; what they tell leaves when the transaction commits."""
        for subscriber in self.subscribers:
            await subscriber(event)

    def secret(self, purpose: str) -> bytes:
        """Return this world's secret for one purpose; no two purposes or worlds share one."""
        return mac(self.state.master_secret.value, purpose.encode())

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Change some settings by their wire names. Refuses unknown names and wrong values."""
        self.state.settings.put(changed_settings(self.settings, changes))

    def overlay_contract(self, overlay: Mapping[str, Any]) -> None:
        """Replace some rows of the contract. Refuses what does not exist."""
        try:
            self.state.contract.put(self.contract.overlaid(overlay))
        except OverlayError as error:
            raise invalid("contract", str(error)) from None
