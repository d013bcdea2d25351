"""Transactions: a World does one thing at a time, and each thing whole or not at all.

How this works. One HTTP exchange, one socket frame, one connect or disconnect, one control call is one
transaction of its World. `Transactions` serves them one after the other, first come first served. Handlers
are pure computation, so nobody ever waits long, and an uncontended turn costs about half a microsecond.

Whatever is true of a World is kept by stores (`Collection`, `Fact`), and each store reports a change to the
`Log` with what stood there before. Leaving the block normally commits: nothing has to be done to the stores,
the log is handed to `observe`, if somebody listens, and forgotten. Leaving it by an exception takes the
changes back, newest first, each store putting back what stood there, its place in the order included.

What is announced on the way (`at_commit`, and `say` for what sockets are told) is prepared inside and carried out at
the commit, at once and in its order, so that no client hears of what did not happen. What has to wait or to begin
another transaction (`afterwards`: flushing frames) is a command that runs when the turn is over.

A refusal takes back what the operation changed, but not what the refusal itself does: a planned fault has
fired, a quota is used up, a replayed code has revoked its grant. `keep` is the one door for that: what was
changed so far stays even if the call is refused. It does not stay if the handler breaks.

Waiting is outside. A handler that finds out inside that it must wait raises `MustWait`: the transaction is
taken back as in a refusal, the wait happens, and the handler runs again. A transaction inside another one of
the same World would wait for itself for ever, so it raises at once; it is recognised by the task that owns
the turn, not by a context variable, since child tasks inherit those.

A World that outlives its process has a `Recorder`. What a transaction changed then joins a group, and the next one
may begin on top of it; but nobody is answered, and nothing is announced, before the group is stored. The group is
stored as one by whoever comes after the calls that wait for their turn at that moment. If it cannot be stored, all of
it is taken back, and everybody who changed or saw something of it is refused. Without a recorder none of this happens.

Other processes may change the World too, each on a replica of its own. A transaction begins when the recorder has made
up for what was stored since the call came. A group that is stored too late, since others were first, is taken back, and
its calls run again on what is there then (`Again`).

Where it is not known for long whether a group is stored, since the recorder lost its connection, everybody is refused
meanwhile, those of the group too (`aside`): what they did is then stored or not, and nobody may see it before.

Tried and left: a lock for each space, user, grant and code. Thirty-nine of them followed three conventions,
and a caller was admitted before the lock was taken that the admission needed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from time import perf_counter
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import msgspec

from mockspaces.cloud.store.run import Said

Effect = Callable[[], None] | Said
Command = Callable[[], Awaitable[None]]
STOPPING = "the mock is stopping"  # a task that is cancelled with these words may learn what became of its transaction
# When a call came, if that was before it wants its first turn: a World that was current at any moment since will do.
ARRIVED: ContextVar[float | None] = ContextVar("arrived", default=None)
MOST_TOGETHER = 64  # transactions that are stored together at most
Result = TypeVar("Result")


class Store(Protocol):
    """Whatever keeps a part of a World's truth under keys."""

    name: str

    def restore(self, key: str, old: Any) -> None:
        """Put back what stood under a key before; None means: nothing did."""

    def forget(self, key: str) -> None:
        """Let go of what a transaction deleted, now that it commits."""


class Change(msgspec.Struct):
    """What a store reported: under ``key`` stood ``old``, now stands ``new``; None means nothing."""

    store: Store
    key: str
    old: Any
    new: Any


class MustWait(Exception):
    """Raised inside a transaction by a call that has to wait first; it runs again when ``wait`` has returned."""

    def __init__(self, wait: Command) -> None:
        """Wait outside by awaiting what ``wait`` returns."""
        super().__init__("this call has to wait before it can be carried out")
        self.wait = wait


class Again(Exception):
    """Raised for a call whose World another process has changed first: what it did is taken back, and it runs again.

    It ran to its end perhaps, so whatever it changes outside of stores must wait for the commit, or do no harm twice.
    """

    def __init__(self, wait: Command) -> None:
        """Before that, await what ``wait`` returns."""
        super().__init__("another process has changed the world first")
        self.wait = wait


async def nothing() -> None:
    """Change nothing, and wait for nothing."""


async def repeated(call: Callable[[], Awaitable[Result]]) -> Result:
    """Return what a call returns, which is made again as often as others are first."""
    while True:
        try:
            return await call()
        except Again as again:
            await again.wait()


class Waits:
    """What one call has waited for outside of its transaction, kept for when it runs again."""

    _made: dict[str, Any] | None = None  # made when it is needed: hardly any call waits

    def made(self, name: str, make: Callable[[], Awaitable[Result]]) -> Result:
        """Return what ``make`` has made outside of the transaction; the first time, leave the transaction for it."""
        made = self._made
        if made is None:
            made = self._made = {}

        async def wait() -> None:
            made[name] = await make()

        # The first run leaves here; the second one finds what the wait has made.
        if name not in made:
            raise MustWait(wait)
        found: Result = made[name]
        return found

    def pause(self, seconds: float) -> None:
        """Wait outside of the transaction, once, as a planned fault wants it."""
        if seconds:
            self.made("pause", lambda: asyncio.sleep(seconds))


class OutsideTransactionError(RuntimeError):
    """Something changes a World without a transaction, or begins one inside of another."""


class Log:
    """What the transaction under way has changed, oldest first; outside of one nothing can be changed."""

    __slots__ = ("changes", "private")

    def __init__(self, *, private: bool = False) -> None:
        """Begin outside of any transaction. A ``private`` log is that of a state nobody else can see yet."""
        self.changes: list[Change] | None = None
        self.private = private

    def note(self, store: Store, key: str, old: Any, new: Any) -> None:
        """Take a change in. Raises `OutsideTransactionError` where no transaction is under way."""
        if self.changes is not None:
            self.changes.append(Change(store, key, old, new))
        elif not self.private:
            raise OutsideTransactionError(f"{store.name} is changed outside of a transaction")


Observer = Callable[[Sequence[Change]], None]
Refuse = Callable[[], BaseException]


class Recorder(Protocol):
    """Who stores what is changed, so that it outlives the process."""

    async def look(self, since: float) -> bool:
        """Whether the World was what was stored at a moment after ``since``, for whoever need not have the turn.

        Else whoever wants to know has to `catch_up`.
        """

    async def catch_up(self, since: float) -> None:
        """Return when the World is what was stored at a moment after ``since``, on the clock `perf_counter`.

        Raises `Again` if another state as a whole has to be taken up first, and otherwise what a call is refused with
        that cannot know what was stored.
        """

    async def record(self, changes: Sequence[Change], said: Sequence[Said]) -> None:
        """Store the changes of some transactions, and what they said to sockets, all or none.

        Raises `Again` if another process was first, and otherwise what their callers are refused with.
        """


def unheard(_said: Said) -> None:
    """Say nothing: this process has no sockets."""


def spoken(effects: Sequence[Effect]) -> list[Said]:
    """Return what sockets are told, in its order."""
    return [effect for effect in effects if isinstance(effect, Said)]


class Group:
    """Transactions that are stored together: what they changed, and what is carried out once that is stored."""

    __slots__ = ("changes", "committed", "effects", "error", "refusal", "size", "stored", "told")

    def __init__(self) -> None:
        """Begin with none."""
        self.changes: list[Change] = []
        self.effects: list[Effect] = []
        self.size = self.committed = 0  # how many there are, and how many of them changed something
        self.stored = asyncio.Event()  # or taken back, because of ``error``
        self.error: BaseException | None = None
        self.told = asyncio.Event()  # as ``stored``, or earlier: nobody knows yet, and all are refused
        self.refusal: BaseException | None = None

    async def wait(self) -> None:
        """Return when the group is stored. Raises why it could not be, or why that is not known."""
        await self.told.wait()
        if (error := self.refusal or self.error) is not None:
            raise error

    def refuse(self, refusal: BaseException) -> None:
        """Let nobody wait any longer."""
        self.refusal = refusal
        self.told.set()

    def take_back(self, why: Exception) -> None:
        """Let nothing of it have happened; newest first, so that each store meets the state in which it reported it."""
        for change in reversed(self.changes):
            change.store.restore(change.key, change.old)
        self.error = why
        self.end()

    def end(self) -> None:
        """Tell everybody that the group is stored or taken back."""
        self.stored.set()
        self.told.set()


async def to_its_end(work: Coroutine[Any, Any, object]) -> None:
    """Carry something out in a task of its own, and return no sooner than it ends even if the caller is cancelled."""
    task, interruption = asyncio.create_task(work), None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as cancelled:
            interruption = cancelled
    if interruption is not None:
        raise interruption
    task.result()


class Transactions:
    """The turns of one World. ``async with transactions:`` is one transaction.

    Exceptions of the types ``refusals`` keep what was marked by `keep`; any other one takes back everything.
    """

    def __init__(self, refusals: tuple[type[BaseException], ...]) -> None:
        """Begin with an empty log."""
        self.log = Log()
        self.observe: Observer | None = None
        self.recorder: Recorder | None = None
        self.speak: Callable[[Said], None] = unheard  # to the sockets of this process
        self.committed = 0  # transactions that changed something
        # Where other processes change the World too: calls that ran again, change sets of others, and how many of
        # these there were when it was last looked.
        self.repeated = self.followed = self.lag = 0
        self._closed: Refuse | None = None
        self._refusals = (*refusals, MustWait)
        self._turn = asyncio.Lock()
        self._owner: asyncio.Task[Any] | None = None
        self._effects: list[Effect] = []
        self._commands: list[Command] = []
        self._kept = (0, 0, 0)
        self._running: set[asyncio.Task[None]] = set()
        self._group: Group | None = None  # what waits to be stored
        self._storing: Group | None = None
        self._at_once = False

    # --- for those who are inside

    def at_commit(self, effect: Effect) -> None:
        """Carry something out at the commit, in the order of these calls; it must neither wait nor fail."""
        self._check_inside()
        self._effects.append(effect)

    def say(self, said: Said) -> None:
        """Let sockets be told something at the commit, as by `at_commit`; those of other processes hear of it too."""
        self._check_inside()
        self._effects.append(said)

    def afterwards(self, command: Command) -> None:
        """Carry something out after the commit, when others may have their turn; it may begin transactions."""
        self._check_inside()
        self._commands.append(command)

    def keep(self) -> None:
        """Keep what was changed and announced so far, even if the call is refused or has to wait."""
        self._check_inside()
        self._kept = self._position()  # what comes before is safe from a refusal, not from a bug

    def store_at_once(self) -> None:
        """Let nobody have their turn before this transaction is stored, and its caller has gone on."""
        self._check_inside()
        self._at_once = self.recorder is not None

    @contextmanager
    def part(self) -> Iterator[None]:
        """Take back what is changed inside if that part of the call is refused; the transaction itself goes on."""
        start = self._position()
        try:
            yield
        except BaseException as error:
            if not isinstance(error, self._refusals):
                raise
            self._take_back((max(start[0], self._kept[0]), max(start[1], self._kept[1]), max(start[2], self._kept[2])))
            raise

    @property
    def hears(self) -> bool:
        """Whether this process has sockets of the World, which wait to be told."""
        return self.speak is not unheard

    @property
    def changes(self) -> int:
        """How often the World has changed, by whichever process."""
        return self.committed + self.followed

    @property
    def inside(self) -> bool:
        """Whether the present task is inside of a transaction."""
        return self._owner is not None and self._owner is asyncio.current_task()

    def _position(self) -> tuple[int, int, int]:
        return len(self.log.changes or ()), len(self._effects), len(self._commands)

    def _check_inside(self) -> None:
        if self.log.changes is None:
            raise OutsideTransactionError("no transaction is under way")

    # --- turns

    async def carry_out(
        self, call: Callable[[], Awaitable[Result]], begin_again: Callable[[], None] | None = None
    ) -> Result:
        """Carry a call out inside one transaction; one that has to wait does so outside and runs again.

        What a run has noted outside of stores ``begin_again`` takes back before the next one.
        """
        while True:
            try:
                async with self:
                    return await call()
            except MustWait as leave:
                await leave.wait()
            except Again as again:
                self.repeated += 1
                await again.wait()
            if begin_again is not None:
                begin_again()

    async def follow(self, *, in_turn: bool = False) -> None:
        """Let the World be what other processes have made of it by now: a transaction has that at its beginning.

        Whoever will only read keeps nobody from their turn while they look. Whoever will change something looks
        ``in_turn``: then those who come meanwhile stay together, and are stored together.
        """
        came = perf_counter()
        if not in_turn and await self._looked(came):
            return
        ARRIVED.set(came)
        try:
            await self.carry_out(nothing)
        finally:
            ARRIVED.set(None)

    async def _take_turn(self) -> None:
        # A task that owns the turn would wait for itself; a child task is another one, and may wait.
        task = asyncio.current_task()
        if self._owner is task:
            raise OutsideTransactionError("a transaction begins inside of another one of its world")
        await self._turn.acquire()  # first come, first served; cancelled here, nothing has happened
        if self._closed:
            self._turn.release()
            raise self._closed()
        self._owner = task

    def _end_turn(self) -> None:
        self._owner = None
        self._turn.release()

    async def _looked(self, since: float) -> bool:
        """Whether the World is current and all of it stored; where something is under way a turn is needed for that."""
        if self.recorder is None or self._busy:
            return False
        return await self.recorder.look(since) and not self._busy

    @property
    def _busy(self) -> bool:
        return self._group is not None or self._turn.locked()

    async def _catch_up(self, since: float) -> None:
        """Let the World be what others have made of it, for whoever has the turn; who is refused here loses it."""
        if self.recorder is not None:
            try:
                await self.recorder.catch_up(since)
            except BaseException:
                self._end_turn()
                raise

    def take_back_group(self, why: Exception) -> None:
        """Take back what waits to be stored, for whoever has the turn; its callers are told ``why``."""
        group, self._group = self._group, None
        if group is not None:
            group.take_back(why)

    @asynccontextmanager
    async def alone(self, *, current: bool = True) -> AsyncIterator[None]:
        """Hold off everybody else without being a transaction, for whoever replaces the whole state.

        Raises `Again` as a transaction does, unless it need not be the ``current`` state.
        """
        began = perf_counter()
        await self._take_turn()
        if (group := self._group) is not None:
            self._start(self._store_and_end_turn(keep=True))
            try:
                await to_its_end(group.told.wait())
            except BaseException:
                if group.refusal is None:
                    self._end_turn()
                raise
            if group.refusal is not None:  # and the turn is not ours any more
                raise group.refusal
        if current:
            await self._catch_up(began)
        try:
            yield
        finally:
            self._end_turn()

    @asynccontextmanager
    async def aside(self, refuse: Refuse) -> AsyncIterator[None]:
        """Refuse all others while whoever has the turn waits for what nobody knows how long it takes.

        If a group is being stored, those who wait for that are refused too, and whoever gave their turn to it leaves.
        """
        group, owner, before = self._storing, self._owner, self._closed
        if group is not None:
            group.refuse(refuse())
            owner = None
        self._owner, self._closed = None, refuse
        self._turn.release()  # everybody gets it, and is refused
        try:
            yield
        finally:
            await self._turn.acquire()
            self._owner, self._closed = owner, before

    def close(self, refuse: Refuse) -> None:
        """Let whoever waits for a turn, or wants one later, be refused; the one under way ends as usual."""
        self._closed = refuse

    async def __aenter__(self) -> Self:
        """Wait for the turn of the present task."""
        if self.recorder is None:
            await self._take_turn()
        else:
            if (began := ARRIVED.get()) is None:
                began = perf_counter()
            else:
                ARRIVED.set(None)
            await self._take_turn()
            await self._catch_up(began)
        self.log.changes = []
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Commit, or take back; then end the turn and carry the commands out."""
        try:
            if kind is not None:  # a refusal keeps what was marked; a bug or a cancellation keeps nothing
                self._take_back(self._kept if isinstance(error, self._refusals) else (0, 0, 0))
            if self.log.changes or self._effects:  # most calls only read
                if self.recorder is None:
                    self.committed += bool(self.log.changes)
                    self._commit(self.log.changes or (), self._effects)
                else:
                    self._join_group(self.log.changes or (), self._effects)
        finally:
            commands, group = self._commands, self._group
            if self._effects or commands:
                self._commands, self._effects = [], []
            self.log.changes = None
            self._kept = (0, 0, 0)
            if group is None:
                self._end_turn()
                if commands:
                    await self._carry_out(commands)
            else:
                self._give_turn_to(group)
                if kind is None or not issubclass(kind, asyncio.CancelledError):
                    await self._leave_group(group, commands)  # also of who has only seen what is not stored yet

    def _take_back(self, kept: tuple[int, int, int]) -> None:
        changes = self.log.changes or []
        # Newest first, so that each store meets exactly the state in which it reported the change.
        for change in reversed(changes[kept[0] :]):
            change.store.restore(change.key, change.old)
        del changes[kept[0] :]
        del self._effects[kept[1] :]
        del self._commands[kept[2] :]

    def _commit(self, changes: Sequence[Change], effects: Sequence[Effect]) -> None:
        for change in changes:  # only a deletion leaves something to be done
            if change.new is None:
                change.store.forget(change.key)
        if self.observe and changes:
            self.observe(changes)
        if effects:
            with ExitStack() as stack:  # one that fails stops no other
                for effect in reversed(effects):
                    if isinstance(effect, Said):
                        stack.callback(self.speak, effect)
                    else:
                        stack.callback(effect)

    # --- groups

    def _join_group(self, changes: Sequence[Change], effects: Sequence[Effect]) -> None:
        """Let the transaction be stored with others; one that tells nothing to others need not be, if none waits."""
        group = self._group
        if group is None:
            if not changes and not spoken(effects):
                self._commit(changes, effects)
                return
            group = self._group = Group()
            if not self._at_once:
                self._start(self._store_in_turn())
        group.changes += changes
        group.effects += effects
        group.size += 1
        group.committed += bool(changes)

    def _give_turn_to(self, group: Group) -> None:
        """End the turn, or where nobody else may come before the group is stored hand it on to whoever does that."""
        if self._at_once or group.size >= MOST_TOGETHER:
            self._at_once, self._owner = False, None
            self._start(self._store_and_end_turn())
        else:
            self._end_turn()

    async def _leave_group(self, group: Group, commands: Sequence[Command]) -> None:
        """Wait until a group is stored; then commands are carried out, even if whoever caused them has left."""
        following = self._start(self._follow(group, commands)) if commands else None
        try:
            await group.wait()
        except asyncio.CancelledError as interruption:
            if STOPPING not in interruption.args:
                raise
            await group.wait()  # whoever asked is told that it is stored, if it is
        if following is not None:
            await asyncio.shield(following)

    async def _follow(self, group: Group, commands: Sequence[Command]) -> None:
        await group.stored.wait()
        if group.error is None:
            await self._run(commands)

    async def _store_in_turn(self) -> None:
        await self._turn.acquire()  # behind all who wait for it now: they join the group
        await self._store_and_end_turn()

    async def _store_and_end_turn(self, *, keep: bool = False) -> None:
        """Store what waits for it. Whoever has the turn can ``keep`` it, unless they were refused meanwhile."""
        group = self._group
        try:
            await self._store()
        finally:
            if not keep or (group is not None and group.refusal is not None):
                self._turn.release()

    async def _store(self) -> None:
        """Store what waits for it, or take it back; for whoever has the turn, so that nothing is under way."""
        group, self._group = self._group, None
        if group is None or self.recorder is None:
            return
        self._storing = group
        try:
            await self.recorder.record(group.changes, spoken(group.effects))
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            group.take_back(error)
        except BaseException:
            group.take_back(RuntimeError("interrupted while it was stored"))
            raise
        else:
            self.committed += group.committed
            try:
                self._commit(group.changes, group.effects)
            except Exception as bug:  # noqa: BLE001 - of an effect: whoever waits is told
                group.error = bug
            group.end()
        finally:
            self._storing = None

    # --- commands

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _carry_out(self, commands: Sequence[Command]) -> None:
        """Run commands to their end, even if whoever caused them is cancelled: what is committed has effects."""
        # A task of its own, in which a command may begin a transaction, and which outlives a caller who leaves.
        await asyncio.shield(self._start(self._run(commands)))

    async def _run(self, commands: Sequence[Command]) -> None:
        async with AsyncExitStack() as stack:  # one that fails stops no other
            for command in reversed(commands):
                stack.push_async_callback(command)
