"""A world: one complete, separate deployment of the emulated cloud (AUTH-WORLD-01).

Nothing is global. A token, cookie, id or signed URL of one world is unknown in every other.
"""

import asyncio
import hmac
from collections.abc import Iterator, Mapping
from typing import Any
from weakref import WeakValueDictionary

import msgspec

from mockspaces.cloud.kernel import keys
from mockspaces.cloud.kernel.clock import Clock
from mockspaces.cloud.kernel.complaints import refusal
from mockspaces.cloud.kernel.events import Event, Subscriber
from mockspaces.cloud.kernel.faults import Faults
from mockspaces.cloud.kernel.ids import Ids
from mockspaces.cloud.kernel.journal import Journal
from mockspaces.cloud.kernel.jws import SignatureCache, TokenReader
from mockspaces.cloud.kernel.misbehaviour import Misbehaviours
from mockspaces.cloud.kernel.presence import Presence
from mockspaces.cloud.kernel.rejection import invalid, not_found
from mockspaces.cloud.store.state import Checkpoint, State
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

    def __init__(self, ids: Ids) -> None:
        """Begin with one key of the pool."""
        self._ids = ids
        self._keys: dict[str, keys.KeyPair] = {}
        self.current = ""
        self.rotate()

    def rotate(self, *, drop_old: bool = False) -> str:
        """Sign with another key from now on and return its id."""
        if drop_old:
            self._keys.clear()
        self.current = self._ids.account_id()
        self._keys[self.current] = keys.signing(self._ids.choice(1 << 16))
        return self.current

    @property
    def current_key(self) -> keys.KeyPair:
        """The key that signs now."""
        return self._keys[self.current]

    def __iter__(self) -> Iterator[str]:
        """Go through the ids of all keys that verify, oldest first."""
        return iter(list(self._keys))

    def drop(self, key_id: str) -> None:
        """Forget an old key: what it signed is refused from now on. The current key stays."""
        if key_id not in self._keys:
            raise not_found(errors.KEY_NOT_FOUND, "signing key", key_id)
        if key_id == self.current:
            raise invalid("publickeyid", "names the key that signs now; rotate first")
        del self._keys[key_id]

    def items(self) -> list[tuple[str, keys.KeyPair]]:
        """Return all keys with their ids, oldest first."""
        return list(self._keys.items())

    def adopt(self, pairs: Mapping[str, keys.KeyPair], current: str) -> None:
        """Have these keys and no others from now on."""
        self._keys, self.current = dict(pairs), current

    def get(self, key_id: str) -> keys.KeyPair | None:
        """Return the key that a ``publickeyid`` names, or None."""
        return self._keys.get(key_id)


def changed_settings(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return settings with some changed by their wire names. Refuses unknown names and wrong values."""
    known = [wire_name(field) for field in Settings.__struct_fields__]
    for name in changes:
        if name not in known:
            raise invalid(name, f"no such setting{nearest(name, known)}")
    try:
        return msgspec.convert(msgspec.to_builtins(settings) | dict(changes), Settings)
    except msgspec.ValidationError as error:
        raise refusal(str(error), Settings, whole="settings") from None


class World:
    """One emulated cloud: state, clock, ids, secrets, settings, contract and journal."""

    def __init__(
        self,
        name: str,
        origins: Origins,
        *,
        contract: Contract,
        settings: Settings | None = None,
        random_seed: str | None = None,
        checkpoint: Checkpoint = None,
    ) -> None:
        """Make an empty world; seeds fill it."""
        self.name = name
        self.origins = origins
        self.contract = contract
        self.settings = settings or Settings()
        self.subscribers: list[Subscriber] = []
        self._initial = (self.contract, self.settings)
        self._random_seed = random_seed
        self._checkpoint = checkpoint
        self.clear()

    def clear(self) -> None:
        """Forget everything: state, clock, secrets, journal, changed settings and overlays."""
        self.contract, self.settings = self._initial
        self.clock = Clock()
        self.ids = Ids(self.clock, self._random_seed, self.name)
        self.state = self.new_state()
        self.journal = Journal(world=self.name)
        self.presence = Presence()
        self.quotas: dict[tuple[str, str, str], tuple[float, int]] = {}  # begin of a window and calls in it
        self.faults = Faults(self.ids.fraction)
        self.misbehaviours = Misbehaviours()
        self.signing_keys = SigningKeys(self.ids)
        self.signatures = SignatureCache()
        self.tokens = TokenReader(lambda: self.contract.limits.token_chars, lambda: self.contract.limits.json_depth)
        self.master_secret = self.ids.secret()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def new_state(self) -> State:
        """Return an empty state that could become this world's."""
        return State(self._checkpoint)

    def adopt_secrets(self, master_secret: bytes, pairs: Mapping[str, keys.KeyPair], current: str) -> None:
        """Take over the secrets and signing keys of a snapshot; results of earlier signature checks are forgotten."""
        self.master_secret = master_secret
        self.signing_keys.adopt(pairs, current)
        self.signatures = SignatureCache()

    async def publish(self, event: Event) -> None:
        """Announce a change to whoever listens, before the call that caused it is answered."""
        for subscriber in self.subscribers:
            await subscriber(event)

    def lock(self, aggregate: str) -> asyncio.Lock:
        """Return the lock under which an aggregate is checked and changed."""
        lock = self._locks.get(aggregate)
        if lock is None:
            lock = self._locks[aggregate] = asyncio.Lock()
        return lock

    def secret(self, purpose: str) -> bytes:
        """Return this world's secret for one purpose; no two purposes or worlds share one."""
        return hmac.digest(self.master_secret, purpose.encode(), "sha256")

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Change some settings by their wire names. Refuses unknown names and wrong values."""
        self.settings = changed_settings(self.settings, changes)

    def overlay_contract(self, overlay: Mapping[str, Any]) -> None:
        """Replace some rows of the contract. Refuses what does not exist."""
        try:
            self.contract = self.contract.overlaid(overlay)
        except OverlayError as error:
            raise invalid("contract", str(error)) from None
