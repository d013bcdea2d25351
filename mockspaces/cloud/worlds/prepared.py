"""Prepared seeds: what a seed makes of a new world, as a text in which nothing but what is drawn is left open.

How this works. Most worlds are those of tests, and many begin with one and the same seed. Planting it asks and checks
the same things each time, and they turn out the same; what differs is the moment, and what the world draws: ids,
secrets, keys. So a sample is planted at a moment that stands nowhere else, what it draws is noted, and its entities
are written as JSON. That text is cut wherever something drawn stands, or the moment. A new world draws the same
things in the same order, they are put in between, and one decoder makes all entities. It takes half of the time.

Nothing is taken for granted about what seeds do. A second sample, with another name, other origins, other draws and at
another moment, is planted in both ways, and unless all of it is equal, the seed is planted step by step for ever: one
whose messages are told apart by their times, or with a key that is made for it alone.
"""

from collections.abc import Callable, Mapping, Sequence
from types import GenericAlias
from typing import Any, cast

import msgspec

from mockspaces.cloud.kernel import keys
from mockspaces.cloud.kernel.ids import Ids
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.store.collection import Collection
from mockspaces.cloud.store.facts import Fact
from mockspaces.cloud.store.state import ClockSetting, State
from mockspaces.cloud.worlds import seeds
from mockspaces.cloud.worlds.seeds import Seed
from mockspaces.cloud.worlds.snapshots import ENTITIES
from mockspaces.contract import Contract
from mockspaces.contract.settings import Settings

OFTEN = 16  # so often a seed is planted before it is prepared, which takes as long as that saves in some twenty worlds
LARGEST = 20_000  # bytes of a seed that is prepared: a larger one would hold up other worlds when it is planted at once
MOST = 32  # seeds that are remembered
MOMENTS_S = (1_234_567_890.123, 1_987_654_321.987)  # at which the samples are planted
Draw = tuple[str, tuple[Any, ...]]  # the method of `Ids`, and its arguments


class Planter:
    """Plants the seeds of all worlds of a process; one that is planted often is prepared."""

    def __init__(self, contract: Contract, settings: Settings) -> None:
        """Plant seeds in worlds that begin with this contract and these settings."""
        self._contract = contract
        self._settings = settings
        self._known: dict[
            bytes, int | Prepared | None
        ] = {}  # by the text of a seed: how often it was planted, or its form

    async def plant(self, world: World, seed: Seed) -> None:
        """Add everything a seed names to a new world. Refuses what cannot be."""
        text = msgspec.json.encode(seed)
        known = self._known.get(text, 0)
        if known == OFTEN:
            known = self._known[text] = await prepared(seed, self._contract, self._settings)
        if isinstance(known, Prepared) and known.plant(world):
            return
        await seeds.apply(world, seed)
        if isinstance(known, int) and len(text) <= LARGEST:
            self._known[text] = known + 1
            if len(self._known) > MOST:
                del self._known[next(iter(self._known))]


class Noted:
    """A source of ids that notes what is drawn from another one."""

    def __init__(self, ids: Ids) -> None:
        """Begin with nothing."""
        self._ids = ids
        self.draws: list[Draw] = []
        self.drawn: list[Any] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return a method of the other source."""
        method = getattr(self._ids, name)

        def draw(*arguments: Any) -> Any:
            value = method(*arguments)
            self.draws.append((name, arguments))
            self.drawn.append(value)
            return value

        return draw


def _texts(drawn: Sequence[Any], moment_ms: int) -> list[bytes]:
    """Return how what was drawn stands in JSON, and the moment behind all of it."""
    used: list[str] = []
    for one in drawn:
        if isinstance(one, int):  # where in the pool of keys an app looks for its own
            used.append(keys.unused(one, used).pem)
    pems = iter(used)
    texts = [msgspec.json.encode(next(pems) if isinstance(one, int) else one)[1:-1] for one in drawn]
    return [*texts, b"%d" % moment_ms]


class Prepared:
    """What a seed makes of a new world."""

    def __init__(self, state: State, facts: Mapping[str, Any], noted: Noted, moment_ms: int) -> None:
        """Take what stands in the ``state`` of a sample, and those ``facts`` that are no longer what they were."""
        self._draws = noted.draws
        self._facts = facts
        self._names = [name for name in ENTITIES if len(getattr(state, name))]
        kinds = tuple(GenericAlias(list, ENTITIES[name]) for name in self._names)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(GenericAlias(tuple, kinds))
        # What is written, cut: texts that are the same in each world, and between two of them the place of a draw.
        pieces: list[bytes | int] = [msgspec.json.encode([getattr(state, name).every() for name in self._names])]
        for place, text in enumerate(_texts(noted.drawn, moment_ms)):
            for at in range(len(pieces) - 1, -1, -1):
                piece = pieces[at]
                if isinstance(piece, bytes) and text in piece:
                    parts = piece.split(text)
                    pieces[at : at + 1] = [one for part in parts for one in (part, place)][:-1]
        self._pieces = pieces

    def plant(self, world: World) -> bool:
        """Fill a new world. If two things that it draws happen to be equal, leave it as it was and return False."""
        state, ids = world.state, world.ids
        begin = state.random.value
        drawn = [getattr(ids, name)(*arguments) for name, arguments in self._draws]
        if len(set(drawn)) < len(drawn):  # one that has to be unique would be drawn once more
            state.random.put(begin)
            return False
        texts = _texts(drawn, world.clock.now_ms())
        written = b"".join([texts[piece] if isinstance(piece, int) else piece for piece in self._pieces])
        for name, entities in zip(self._names, self._decoder.decode(written), strict=True):
            store = getattr(state, name).store
            for entity in entities:
                store(entity)
        for name, value in self._facts.items():
            getattr(state, name).put(value)
        return True


def content(state: State) -> dict[str, Any]:
    """Return all that is true of a world by name, for comparing two."""
    stores = state.stores.items()
    return {name: store.every() if isinstance(store, Collection) else store.value for name, store in stores}


async def prepared(seed: Seed, contract: Contract, settings: Settings) -> Prepared | None:
    """Return the prepared form of a seed, or None if it has to be planted step by step."""

    def sample(moment_s: float) -> World:
        name = f"sample-{moment_s:.0f}"
        made = World(name, Origins(f"http://{name}"), contract=contract, settings=settings, random_seed=name)
        made.state.clock.put(ClockSetting(frozen=moment_s))
        return made

    first, long, short = (sample(moment_s) for moment_s in (*MOMENTS_S, MOMENTS_S[1]))
    noted = Noted(first.ids)
    first.ids = cast("Ids", noted)
    facts = {name: store for name, store in first.state.stores.items() if isinstance(store, Fact) and name != "random"}
    before = {name: fact.value for name, fact in facts.items()}
    await seeds.apply(first, seed)
    changed = {name: fact.value for name, fact in facts.items() if fact.value is not before[name]}
    form = Prepared(first.state, changed, noted, first.clock.now_ms())
    await seeds.apply(long, seed)
    return form if form.plant(short) and content(long.state) == content(short.state) else None
