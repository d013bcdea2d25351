"""Runs a program: phases of operations by all clients at once, each with a disturbance and judged at its end."""

import asyncio
import contextlib
import json
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from chaos.clients import STORED_NOT, BrokenError, Caller, Listener, UnsentError
from chaos.history import ACKNOWLEDGED, REFUSED, UNCLEAR, Attempt, History, Post, WorldHistory
from chaos.judge import SETTINGS, Judge
from chaos.program import CALLERS, PEOPLE, SPACES, TALKERS, WORLDS, Disturbance, Operation, Phase, Program
from chaos.served import REFUSED as REFUSED_LOG
from chaos.served import Process
from mockspaces.changelog import encoding, open_log
from mockspaces.cloud.store.collection import Collection
from mockspaces.cloud.store.state import State
from mockspaces.cloud.worlds.snapshots import ENTITIES
from mockspaces.contract import Contract
from mockspaces.contract.settings import Settings

LIMIT_S = 120  # for a whole program
MOST_PROBLEMS = 5
TIMES = 1000  # that the fault may fire: always
TEAPOT = 418
STOPPING = "server.stopping"
Doing = Callable[[Attempt], Awaitable[None]]


class Refusal(Exception):
    """An answer that nobody should get."""


class Run:
    """One program under way."""

    def __init__(self, program: Program, folder: Path, log: str, fault: str) -> None:
        self.history = History()
        self._program, self._folder, self._log, self._fault = program, folder, log, fault
        self._processes: list[Process] = []  # those that serve
        self._every: list[Process] = []
        self._up = asyncio.Event()
        self._under_way = 0
        self._stopping = False
        self._full_until = 0  # refusals of what began later are wrong
        self._callers = [Caller() for _ in range(CALLERS)]
        self._control = Caller()
        self._tokens = [["" for _ in PEOPLE] for _ in WORLDS]
        self._listeners: list[Listener] = []
        self._kinds: dict[str, Doing] = {
            "chat": self._chat, "comment": self._chat, "read": self._read, "edit": self._edit, "delete": self._delete,
            "space": self._space, "user": self._user, "poke": self._poke, "advance": self._advance,
            "setting": self._setting, "token": self._token, "world": self._world, "say": self._say,
        }  # fmt: skip

    async def run(self) -> None:
        """Run the program from its beginning to its end."""
        try:
            await self._start()
            await self._set_up()
            self._up.set()
            for phase in self._program.phases:
                await self._phase(phase)
                if self.history.problems:
                    return
            await self._end()
        finally:
            for listener in self._listeners:
                await listener.stop()
            for caller in [*self._callers, self._control]:
                caller.close()
            for process in self._every:
                process.send(signal.SIGKILL)
                await process.ended()

    # --- processes

    def _process(self) -> Process:
        out = self._folder / f"process{len(self._every)}"
        process = Process(self._log, out, self._program.compact, self._fault)
        self._every.append(process)
        return process

    async def _start(self) -> None:
        process = self._process()
        if not await process.ready():
            raise Refusal(f"the process does not start again: {process.said}")
        self._processes = [process]

    def _url(self, client: int = 0) -> str:
        return self._processes[client % len(self._processes)].url

    async def _asked(self, method: str, path: str, body: object = None) -> Any:
        """Return the answer of a control call that must succeed."""
        status, answer = await self._control.call(self._url(), method, path, body)
        if status != 200:
            raise Refusal(f"{method} {path}: {status} {answer}")
        return answer

    async def _set_up(self) -> None:
        await self._asked("POST", "/_mock/worlds", {"name": WORLDS[1]})
        for number, prefix in enumerate(("", f"/w/{WORLDS[1]}")):
            world = WorldHistory(prefix)
            self.history.worlds.append(world)
            control = f"{prefix}/_mock"
            for place, person in enumerate(PEOPLE):
                credential = await self._asked("POST", f"{control}/tokens", {"username": person})
                self._tokens[number][place] = credential["token"]
            members = [{"username": person} for person in PEOPLE[1:]]
            for title in range(SPACES):
                body = {"title": f"space {title}", "owner": PEOPLE[0], "members": members}
                space = (await self._asked("POST", f"{control}/spaces", body))["_id"]
                world.spaces.append(space)
                idea = {"category": "idea", "content": {"bodyText": "idea"}, "username": PEOPLE[0]}
                world.ideas.append((await self._asked("POST", f"{control}/spaces/{space}/messages", idea))["_id"])
            match = {"method": "GET", "path": "/api/users/me/tasks"}
            plan = {"match": match, "action": {"status": TEAPOT}, "times": TIMES}
            world.fault = (await self._asked("POST", f"{control}/faults", plan))["id"]
            settings = await self._asked("GET", f"{control}/settings")
            world.settings = {name: {settings[name]} for name in SETTINGS}
        for number in range(2 * TALKERS):  # the first ones speak too
            token = self._tokens[number % 2][1]
            self._listeners.append(Listener(self.history, self.history.worlds[number % 2], token, self._reached))

    def _reached(self) -> str:
        """Return where sockets connect to; nowhere while all is being judged."""
        return self._url() if self._up.is_set() else ""

    # --- phases

    async def _phase(self, phase: Phase) -> None:
        ended = asyncio.Condition()
        queues: list[list[Operation]] = [[] for _ in range(CALLERS + TALKERS)]
        for operation in phase.operations:
            queues[operation.client].append(operation)
        done = 0

        async def work(queue: list[Operation]) -> None:
            nonlocal done
            for operation in queue:
                await self._operate(operation)
                done += 1
                async with ended:
                    ended.notify_all()

        async def disturb() -> None:
            async with ended:
                await ended.wait_for(lambda: done >= phase.disturbance.at)
            await self._disturb(phase.disturbance)

        async with asyncio.TaskGroup() as group:
            for queue in queues:
                group.create_task(work(queue))
            group.create_task(disturb())
        if len(self._processes) > 1:  # a rival came in: one of them stays
            await self._recover(signal.SIGKILL)
            return
        for listener in self._listeners:
            with contextlib.suppress(BrokenError):
                await listener.barrier()
        await self._judge()

    async def _operate(self, operation: Operation) -> None:
        await self._up.wait()
        if operation.kind == "say":
            async with asyncio.timeout(LIMIT_S):
                await self._listeners[operation.client - CALLERS].connected.wait()
        attempt = Attempt(operation, operation.client % 2, self.history.now())
        self._under_way += 1
        try:
            await self._kinds[operation.kind](attempt)
            if attempt.outcome != REFUSED:
                attempt.outcome = ACKNOWLEDGED
        except UnsentError:
            attempt.outcome = REFUSED
        except BrokenError:
            attempt.outcome = UNCLEAR
            await asyncio.sleep(0.01)
        except TimeoutError:
            attempt.outcome = UNCLEAR
            self.history.problem(f"{operation.kind} {operation.name!r} was not answered")
        except Refusal as refusal:
            attempt.outcome = UNCLEAR
            self.history.problem(f"{operation.kind} {operation.name!r}: {refusal}")
        finally:
            self._under_way -= 1
            self.history.ended += 1

    # --- operations

    def _there(self, attempt: Attempt) -> WorldHistory:
        return self.history.worlds[attempt.world]

    def _person(self, attempt: Attempt) -> int:
        client = attempt.operation.client
        return 1 if client >= CALLERS else client // 2

    async def _call(self, attempt: Attempt, method: str, path: str, body: object = None, *, good: int = 200) -> Any:
        """Return what a client is answered; a refusal since the log cannot be written is marked in the attempt."""
        operation, world = attempt.operation, self._there(attempt)
        token = "" if "/_mock" in path else self._tokens[attempt.world][self._person(attempt)]
        caller = self._callers[operation.client]
        url = self._url(operation.client)
        status, answer = await caller.call(url, method, world.prefix + path, body, token=token, cut=operation.cut)
        attempt.answered = self.history.now()
        if status == good:
            return answer
        if status == 503 and answer["code"] == STOPPING and self._stopping:
            # Whatever is under way is interrupted, also if it waits for its change to be stored, which then happens.
            raise BrokenError(STOPPING)
        if status == 503 and answer["code"] == STORED_NOT and self._may_refuse(attempt):
            attempt.outcome = REFUSED
            return None
        raise Refusal(f"it is answered {status} {json.dumps(answer)}")

    def _may_refuse(self, attempt: Attempt) -> bool:
        return attempt.began < self._full_until

    def _post(self, attempt: Attempt) -> Post:
        world, operation = self._there(attempt), attempt.operation
        space = world.spaces[operation.space]
        post = Post(attempt, PEOPLE[self._person(attempt)], space)
        world.posts[operation.name] = post
        return post

    async def _chat(self, attempt: Attempt) -> None:
        post = self._post(attempt)
        body: dict[str, Any] = {"content": {"bodyText": attempt.operation.name}}
        if attempt.operation.kind == "comment":
            post.parent = self._there(attempt).ideas[attempt.operation.space]
            body["parentMsg"] = {"_id": post.parent}
        answer = await self._call(attempt, "POST", f"/api/spaces/{post.space}/chats", body)
        if answer:
            attempt.id = answer["data"][0]["_id"]

    async def _say(self, attempt: Attempt) -> None:
        post = self._post(attempt)
        listener = self._listeners[attempt.operation.client - CALLERS]
        answer = await listener.say(post.space, attempt.operation.name)
        attempt.answered = self.history.now()
        if "refused" in answer:
            if not self._may_refuse(attempt):
                raise Refusal(f"it is answered {answer['refused']}")
            attempt.outcome = REFUSED
        else:
            attempt.id = answer["_id"]

    async def _read(self, attempt: Attempt) -> None:
        world = self._there(attempt)
        space = world.spaces[attempt.operation.space]
        answer = await self._call(attempt, "GET", f"/api/spaces/{space}/messages/byref?size=1000")
        if answer is None:
            return
        listed = [(one["_id"], one["content"]["bodyText"]) for one in answer["data"]][::-1]
        world.seen |= dict(listed)
        world.orders.append((space, [id_ for id_, _ in listed]))
        there = {id_ for id_, _ in listed}
        for name, post in world.posts.items():
            made = post.made
            known = made.outcome == ACKNOWLEDGED and made.answered and made.answered < attempt.began
            if known and post.space == space and not post.may_be_gone and made.id not in there:
                raise Refusal(f"it does not show {name!r}, which was acknowledged before")

    def _own(self, attempt: Attempt) -> Post | None:
        """Return a message that this client may change, as the number of the operation has it."""
        found = [
            one
            for one in self._there(attempt).posts.values()
            if one.made.operation.client == attempt.operation.client
            and one.made.outcome == ACKNOWLEDGED
            and one.made.id
            and not one.parent
            and not one.may_be_gone
        ]
        return found[attempt.operation.number % len(found)] if found else None

    async def _edit(self, attempt: Attempt) -> None:
        post = self._own(attempt)
        if post:
            text = f"{post.made.operation.name} e{attempt.operation.number}"
            post.edits.append((attempt, text))
            body = {"_id": post.made.id, "content": {"bodyText": text}}
            await self._call(attempt, "POST", f"/api/messages/{post.made.id}", body)

    async def _delete(self, attempt: Attempt) -> None:
        post = self._own(attempt)
        if post:
            post.deleting.append(attempt)
            answer = await self._call(attempt, "POST", "/api/messages/deletemessages", [post.made.id])
            if answer and answer["deletedMessages"] != [post.made.id]:
                raise Refusal(f"it is answered {json.dumps(answer)}")

    async def _space(self, attempt: Attempt) -> None:
        name = attempt.operation.name
        self._there(attempt).made[name] = attempt
        invitee = {"inviteeType": "email", "invitee": f"{name.replace(' ', '')}@strangers.example"}
        await self._call(attempt, "POST", "/api/spaces/invite", {"topic": {"title": name}, "invitees": [invitee]})

    async def _user(self, attempt: Attempt) -> None:
        name = f"{attempt.operation.name.replace(' ', '')}@example.com"
        self._there(attempt).made[name] = attempt
        await self._call(attempt, "POST", "/_mock/users", {"username": name})

    async def _poke(self, attempt: Attempt) -> None:
        self._there(attempt).pokes.append(attempt)
        await self._call(attempt, "GET", "/api/users/me/tasks", good=TEAPOT)

    async def _advance(self, attempt: Attempt) -> None:
        self._there(attempt).advances.append(attempt)
        await self._call(attempt, "POST", "/_mock/clock", {"advance": 1})

    async def _setting(self, attempt: Attempt) -> None:
        """Change the setting that only this client changes."""
        name, number = SETTINGS[self._person(attempt)], attempt.operation.number
        may, value = self._there(attempt).settings[name], f"p{number}" if "prefix" in name else 1_000_000 + number
        may.add(value)
        try:
            await self._call(attempt, "PATCH", "/_mock/settings", {name: value})
        except UnsentError:
            attempt.outcome = REFUSED
        if attempt.outcome == REFUSED:
            may.discard(value)
        else:
            may.intersection_update({value})

    async def _token(self, attempt: Attempt) -> None:
        person = self._person(attempt)
        answer = await self._call(attempt, "POST", "/_mock/tokens", {"username": PEOPLE[person]})
        if answer:
            self._tokens[attempt.world][person] = answer["token"]

    async def _world(self, attempt: Attempt) -> None:
        """Open a world of this client's own, or drop it if it is there for sure."""
        may, name = (
            self.history.worlds[0].worlds[f"world-{attempt.operation.client}"],
            f"world-{attempt.operation.client}",
        )
        attempt.world = 0
        if len(may) > 1:  # it is not known yet
            return
        there = True in may
        may.add(not there)
        try:
            if there:
                await self._call(attempt, "DELETE", f"/_mock/worlds/{name}")
            else:
                await self._call(attempt, "POST", "/_mock/worlds", {"name": name})
        except UnsentError:
            attempt.outcome = REFUSED
        may.discard((not there) if attempt.outcome == REFUSED else there)

    # --- disturbances

    async def _disturb(self, disturbance: Disturbance) -> None:
        process, seconds = self._processes[0], disturbance.seconds
        match disturbance.kind:
            case "kill":
                await self._recover(signal.SIGKILL)
            case "term":
                await self._recover(signal.SIGTERM)
            case "pause":
                process.send(signal.SIGSTOP)
                await asyncio.sleep(seconds)
                process.send(signal.SIGCONT)
            case "full":
                await self._fill(process, disturbance)
            case "leave":
                for listener in self._listeners:
                    listener.leave()
                    await asyncio.sleep(seconds / 10)
            case "rival":
                await self._rival(process, paused=disturbance.hard)

    async def _fill(self, process: Process, disturbance: Disturbance) -> None:
        sizes = [path.stat().st_size for path in self._folder.iterdir() if path.name.endswith(("db", "-wal"))]
        self._full_until = 2**62
        process.limit(1 if disturbance.hard else max(sizes) + int(disturbance.seconds * 100_000))
        await asyncio.sleep(disturbance.seconds)
        process.limit(-1)
        self._full_until = self.history.now()

    async def _rival(self, process: Process, *, paused: bool) -> None:
        """Start a second process with the same log: it is refused, and if not its calls are as true as any."""
        if paused:
            process.send(signal.SIGSTOP)
        try:
            rival = self._process()
            if await rival.ready():
                self._processes.append(rival)
            elif (code := await rival.ended()) != REFUSED_LOG or "is in use by" not in rival.said:
                self.history.problem(f"a second process ends with {code}: {rival.said}")
        finally:
            if paused:
                process.send(signal.SIGCONT)

    async def _recover(self, number: signal.Signals) -> None:
        """End all processes, start one again when nothing is under way, and judge what it has."""
        self._up.clear()
        self._stopping = number == signal.SIGTERM
        for process in self._processes:
            process.send(number)
        for process in self._processes:
            code = await process.ended()
            if number == signal.SIGTERM and code != 0:
                self.history.problem(f"the process ended with {code} after SIGTERM: {process.said}")
        while self._under_way or any(one.current for one in self._listeners):  # noqa: ASYNC110 - none is the last
            await asyncio.sleep(0.005)
        self._stopping = False
        await self._start()
        await self._judge(recovered=True)
        self._up.set()

    # --- judging

    async def _judge(self, *, recovered: bool = False) -> None:
        """Judge all worlds, and after a recovery also that nobody is shown as present."""
        worlds = [one["name"] for one in (await self._asked("GET", "/_mock/worlds"))["data"]]
        for world in self.history.worlds:
            control = f"{world.prefix}/_mock"
            snapshot = await self._asked("GET", f"{control}/snapshot")
            faults = (await self._asked("GET", f"{control}/faults"))["data"]
            fired = next((one["fired"] for one in faults if one["id"] == world.fault), -1)
            self.history.problems += Judge(world, snapshot, fired, worlds).judge()
            if recovered:
                counts = (await self._asked("GET", control))["counts"]
                if counts["sockets"] or counts["people"]:
                    self.history.problem(f"{counts['sockets']} sockets are shown that ended with the process before")

    async def _end(self) -> None:
        """End the process, and hold what it has shown against what is in its log, and what the next one shows."""
        self._up.clear()
        for listener in self._listeners:
            await listener.stop()
        self._listeners = []
        worlds = [one["name"] for one in (await self._asked("GET", "/_mock/worlds"))["data"]]
        before = {name: await self._asked("GET", f"/w/{name}/_mock/snapshot") for name in worlds}
        self._processes[0].send(signal.SIGKILL if self._program.last == "kill" else signal.SIGTERM)
        await self._processes[0].ended()
        rebuilt = await states(self._log)
        if rebuilt.keys() != before.keys():
            self.history.problem(f"the log has the worlds {sorted(rebuilt)}, not {sorted(before)}")
            return
        for name, state in rebuilt.items():
            self._compare(f"the log of the world {name}", state, before[name]["state"])
        await self._start()
        await self._judge(recovered=True)
        for name, snapshot in before.items():
            self._compare(f"the world {name}", await self._asked("GET", f"/w/{name}/_mock/snapshot"), snapshot)

    def _compare(self, where: str, found: dict[str, Any], wanted: dict[str, Any]) -> None:
        for part, value in found.items():
            if value != wanted[part]:
                self.history.problem(f"{where} differs in {part} from what was shown")


async def states(url: str) -> dict[str, dict[str, Any]]:
    """Return the entities of each world that is in a log, as a snapshot shows them."""
    log, found = open_log(url), {}
    try:
        for registered in await log.worlds():
            state = State(contract=Contract.shipped(), settings=Settings(), random=None)
            position, parts = await log.snapshot(registered.generation)
            for data in [*parts, *(data for _, data in await log.after(registered.generation, position))]:
                encoding.apply(state, encoding.decoded(data))
            shown: dict[str, Any] = {}
            for name in ENTITIES:
                store: Collection[Any] = getattr(state, name)
                shown[name] = msgspec.json.decode(msgspec.json.encode(store.every()))
            found[registered.name] = shown
    finally:
        await log.close()
    return found
