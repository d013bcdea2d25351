"""Runs a program: phases of operations by all clients at once, each with a disturbance and judged at its end."""

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from chaos.clients import STOPPING, STORED_NOT, BrokenError, Caller, Listener, UnsentError
from chaos.cloud import Cloud
from chaos.history import ACKNOWLEDGED, REFUSED, UNCLEAR, Attempt, History, Post, WorldHistory
from chaos.judge import SETTINGS, Judge, allowed, base, unheard
from chaos.program import CALLERS, PEOPLE, SPACES, TALKERS, WORLDS, Disturbance, Operation, Phase, Program
from chaos.renewal import KEPT, PATH, Renewal
from chaos.renewal import NAME as RENEWED
from chaos.served import REFUSED as REFUSED_LOG
from chaos.served import Process
from mockspaces.app import shared_options
from mockspaces.changelog import encoding, open_log
from mockspaces.changelog.redis import LEASE_S
from mockspaces.cloud.store.collection import Collection
from mockspaces.cloud.store.state import State
from mockspaces.cloud.worlds.snapshots import ENTITIES
from mockspaces.config import Config
from mockspaces.contract import Contract
from mockspaces.contract.settings import Settings

LIMIT_S = 120  # for a whole program
MOST_PROBLEMS = 5
PREFIX = "mockspaces"  # of the keys in Redis, unless it is told otherwise
TIMES = 1000  # that the fault may fire: always
TEAPOT = 418
HALVED = 3  # pieces, each on a connection of its own
LOST = 3  # answers to appends
PROBES = 3  # at once, of what happens once
SOON_S = 20.0  # in which a cloud is as it was before a disturbance
EQUAL_S = 2.0  # in which workers have the same, if clients that left are still being answered
NUMBERS = {"kill": signal.SIGKILL, "crash": signal.SIGKILL, "term": signal.SIGTERM}
Doing = Callable[[Attempt], Awaitable[None]]


class Refusal(Exception):
    """An answer that nobody should get."""


class Run:
    """One program under way."""

    def __init__(self, program: Program, folder: Path, log: str, fault: str, sync: str) -> None:
        """Prepare a program for a kind of log; one in Redis is given to the disk as ``sync`` says."""
        self.history = History()
        self._program, self._folder = program, folder
        self._cloud = Cloud(program, folder, log, fault, sync)
        self._rivals: list[Process] = []  # that serve
        self._up = asyncio.Event()
        self._under_way = 0
        self._stopping = False
        self._refusing_until = 0  # refusals of what began later are wrong
        self._callers = [Caller() for _ in range(CALLERS)]
        self._probes = [Caller() for _ in range(PROBES)]
        self._control = Caller()
        self._tokens = [["" for _ in PEOPLE] for _ in WORLDS]
        self._listeners: list[Listener] = []
        self._renewal = Renewal()
        self._snapshot: object = None  # of the world that is begun anew
        self._kinds: dict[str, Doing] = {
            "chat": self._chat, "comment": self._chat, "read": self._read, "edit": self._edit, "delete": self._delete,
            "space": self._space, "user": self._user, "poke": self._poke, "once": self._once, "advance": self._advance,
            "setting": self._setting, "look": self._look, "token": self._token, "world": self._world, "say": self._say,
            "add": self._add, "renew": self._renew, "list": self._list, "join": self._join, "end": self._end_meeting,
        }  # fmt: skip

    async def run(self) -> None:
        """Run the program from its beginning to its end."""
        try:
            await self._cloud.start()
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
            for caller in [*self._callers, *self._probes, self._control]:
                caller.close()
            await self._cloud.stop()

    def said(self) -> list[str]:
        """Return what the processes had to say, beside where they serve."""
        return self._cloud.said()

    # --- processes

    @property
    def _several(self) -> bool:
        return self._program.workers > 1

    def _url(self, client: int = 0) -> str:
        return self._rivals[0].url if self._rivals and client % 2 else self._cloud.url

    async def _asked(self, method: str, path: str, body: object = None, *, url: str = "") -> Any:
        """Return the answer of a control call that must succeed, of the worker at a URL or of the first one."""
        status, answer = await self._control.call(url or self._cloud.workers[0].url, method, path, body)
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
            room = await self._asked("POST", f"{control}/spaces", {"title": "room", "owner": PEOPLE[0]})
            world.room = room["_id"]
            match = {"method": "GET", "path": "/api/users/me/tasks"}
            plan = {"match": match, "action": {"status": TEAPOT}, "times": TIMES}
            world.fault = (await self._asked("POST", f"{control}/faults", plan))["id"]
            settings = await self._asked("GET", f"{control}/settings")
            world.settings = {name: {settings[name]} for name in SETTINGS}
            world.known = {name: settings[name] for name in SETTINGS}
        await self._asked("POST", "/_mock/worlds", {"name": RENEWED})
        await self._asked("POST", f"{PATH}/users", {"username": KEPT})
        self._snapshot = await self._asked("GET", f"{PATH}/snapshot")
        for number in range(2 * TALKERS):  # the first ones speak too
            token = self._tokens[number % 2][1]
            world = self.history.worlds[number % 2]
            self._listeners.append(Listener(self.history, world, token, self._reached, lambda: self._stopping))

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
        if self._rivals:  # that came in: one of them stays
            await self._recover(signal.SIGKILL)
            return
        await self._judge()

    async def _operate(self, operation: Operation) -> None:
        await self._up.wait()
        if operation.kind == "say":
            async with asyncio.timeout(LIMIT_S):
                await self._listeners[operation.client - CALLERS].connected.wait()
        if operation.fresh and operation.kind != "say":
            self._callers[operation.client].close()
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
            caller.close()
            raise BrokenError(STOPPING)
        if status == 503 and answer["code"] == STORED_NOT:
            self._refused(attempt, json.dumps(answer))
            return None
        raise Refusal(f"it is answered {status} {json.dumps(answer)}")

    def _refused(self, attempt: Attempt, answer: str) -> None:
        """Mark an attempt that the log did not store, if that may be. Raises `BrokenError` where it may have, later."""
        if attempt.began > self._refusing_until:
            raise Refusal(f"it is answered {answer}")
        if self._cloud.redis is not None:
            raise BrokenError(answer)
        attempt.outcome = REFUSED

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
            self._refused(attempt, answer["refused"])
        else:
            attempt.id = answer["_id"]

    async def _read(self, attempt: Attempt) -> None:
        world = self._there(attempt)
        space = world.spaces[attempt.operation.space]
        answer = await self._call(attempt, "GET", f"/api/spaces/{space}/messages/byref?size=1000")
        if answer is None:
            return
        listed = {one["_id"]: one["content"]["bodyText"] for one in reversed(answer["data"])}
        world.orders.append((space, list(listed)))
        for name, post in world.posts.items():
            if post.space == space:
                self._read_post(attempt, name, post, listed)
        for id_, text in listed.items():
            world.seen[id_] = text
            world.shown.setdefault(id_, attempt.answered)

    def _read_post(self, attempt: Attempt, name: str, post: Post, listed: Mapping[str, str]) -> None:
        """Hold what somebody has read of a post against what was acknowledged, or shown, before they began."""
        id_ = post.made.id or next((one for one, text in listed.items() if base(text) == name), "")
        told = post.made.outcome == ACKNOWLEDGED and 0 < post.made.answered < attempt.began
        shown = self._there(attempt).shown.get(id_, attempt.began) < attempt.began
        deleted = any(one.outcome == ACKNOWLEDGED and one.answered < attempt.began for one in post.deleting)
        if (told or shown) and not post.may_be_gone and id_ not in listed:
            raise Refusal(f"it does not show {name!r}, which was {'acknowledged' if told else 'shown'} before")
        if id_ in listed and deleted:
            raise Refusal(f"it shows {name!r}, whose deletion was acknowledged before")
        may = allowed(name, post.edits, attempt)
        if id_ in listed and listed[id_] not in may:
            raise Refusal(f"it shows {listed[id_]!r}, not one of {sorted(may)}")

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

    async def _once(self, attempt: Attempt) -> None:
        """Plan a fault that fires once, and have several connections meet it at the same time."""
        path = f"/api/spaces/{attempt.operation.name.replace(' ', '-')}"
        match = {"method": "GET", "path": path}
        planned = {"match": match, "action": {"status": TEAPOT}, "times": 1}
        if not await self._call(attempt, "POST", "/_mock/faults", planned):
            return
        url, prefix = self._url(), self._there(attempt).prefix
        token = self._tokens[attempt.world][self._person(attempt)]
        met = await asyncio.gather(*(self._met(one, url, prefix + path, token) for one in self._probes))
        if met.count(TEAPOT) > 1 or (TEAPOT not in met and all(met)):
            raise Refusal(f"a fault that fires once is answered {met}")

    async def _advance(self, attempt: Attempt) -> None:
        self._there(attempt).advances.append(attempt)
        await self._call(attempt, "POST", "/_mock/clock", {"advance": 1})

    async def _setting(self, attempt: Attempt) -> None:
        """Change the setting that only this client changes."""
        name, number = SETTINGS[self._person(attempt)], attempt.operation.number
        may, value = self._there(attempt).settings[name], f"p{number}" if "prefix" in name else 1_000_000 + number
        may.add(value)
        self._there(attempt).written[name].append((attempt, value))
        try:
            await self._call(attempt, "PATCH", "/_mock/settings", {name: value})
        except UnsentError:
            attempt.outcome = REFUSED
        if attempt.outcome == REFUSED:
            may.discard(value)
        else:
            may.intersection_update({value})

    async def _look(self, attempt: Attempt) -> None:
        """Read all settings."""
        world = self._there(attempt)
        answer = await self._call(attempt, "GET", "/_mock/settings")
        for name in SETTINGS if answer else ():
            may = allowed(world.known[name], world.written[name], attempt)
            if answer[name] not in may:
                raise Refusal(f"the setting {name} is {answer[name]}, not one of {may}")

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
        found = await self._met(self._probes[0], self._url(), f"/w/{name}/_mock")
        if found not in (0, 200 if there else 404):
            raise Refusal(f"the world {name} is {'not there' if there else 'there'}, against what was acknowledged")
        may.add(not there)
        try:
            if there:
                await self._call(attempt, "DELETE", f"/_mock/worlds/{name}")
            else:
                await self._call(attempt, "POST", "/_mock/worlds", {"name": name})
        except UnsentError:
            attempt.outcome = REFUSED
        may.discard((not there) if attempt.outcome == REFUSED else there)

    async def _add(self, attempt: Attempt) -> None:
        name = f"{attempt.operation.name.replace(' ', '')}@example.com"
        attempt.world, self._renewal.added[name] = 0, attempt
        await self._call(attempt, "POST", f"{PATH}/users", {"username": name})

    async def _renew(self, attempt: Attempt) -> None:
        """Begin the world anew to which others add, by a restore or a reset."""
        restores = attempt.operation.number % 2 == 0
        attempt.world = 0
        self._renewal.begun.append((attempt, restores))
        method, path, body = ("PUT", "snapshot", self._snapshot) if restores else ("POST", "reset", {})
        await self._call(attempt, method, f"{PATH}/{path}", body)

    async def _list(self, attempt: Attempt) -> None:
        """Read who is in the world that is begun anew."""
        attempt.world = 0
        answer = await self._call(attempt, "GET", f"{PATH}/snapshot")
        problems = self._renewal.wrong(_users(answer), attempt) if answer else []
        if problems:
            raise Refusal("; ".join(problems))

    async def _join(self, attempt: Attempt) -> None:
        """Join the meeting of a space, or start it."""
        world = self._there(attempt)
        world.joins.append(attempt)
        body = {"attendees": [{"username": PEOPLE[self._person(attempt)]}]}
        answer = await self._call(attempt, "POST", f"/_mock/spaces/{world.room}/meeting", body)
        if answer:
            attempt.id = answer["_id"]

    async def _end_meeting(self, attempt: Attempt) -> None:
        """End the meeting that somebody has joined last, unless that was tried already."""
        world = self._there(attempt)
        meeting = next((one.id for one in reversed(world.joins) if one.id), "")
        if meeting and (meeting not in world.ends or world.ends[meeting].outcome == REFUSED):
            world.ends[meeting] = attempt
            await self._call(attempt, "POST", f"/api/spaces/{world.room}/meetings/{meeting}/end")

    # --- disturbances

    async def _disturb(self, disturbance: Disturbance) -> None:
        cloud, seconds = self._cloud, disturbance.seconds
        worker = cloud.workers[disturbance.worker]
        match disturbance.kind:
            case "kill" | "term" if self._several:
                await self._replace(disturbance)
            case "kill" | "term" | "crash":
                await self._recover(NUMBERS[disturbance.kind], hard=disturbance.hard)
            case "pause" | "long pause" as kind:
                with self._refusing():
                    with cloud.paused(worker):
                        await asyncio.sleep(seconds + (LEASE_S + 1 if kind == "long pause" else 0))
                    await self._back()
            case "full":
                await self._fill(worker, disturbance)
            case "leave":
                for listener in self._listeners:
                    listener.leave()
                    await asyncio.sleep(seconds / 10)
            case "rival":
                await self._rival(worker, paused=disturbance.hard)
            case kind if kind != "cut":
                await self._without_redis(disturbance)

    @contextlib.contextmanager
    def _refusing(self) -> Iterator[None]:
        """Let calls be refused that begin inside."""
        self._refusing_until = 2**62
        try:
            yield
        finally:
            self._refusing_until = self.history.now()

    async def _without_redis(self, disturbance: Disturbance) -> None:
        """Let Redis or a line to it be out of order, until all workers can change something again."""
        cloud, seconds, line = self._cloud, disturbance.seconds, self._cloud.lines[disturbance.worker]
        if cloud.redis is None:
            return
        with self._refusing():
            match disturbance.kind:
                case "redis killed":
                    await cloud.redis.kill()
                    await asyncio.sleep(seconds)
                    await cloud.restart_redis()
                case "redis paused":
                    with cloud.paused(cloud.redis):
                        await asyncio.sleep(seconds)
                case "line cut":
                    line.cut = True
                    line.break_all()
                    await asyncio.sleep(seconds)
                    line.cut = False
                case "line slow":
                    line.delay = seconds / 5
                    await asyncio.sleep(seconds)
                    line.delay = 0
                case "line halved":
                    line.halve(HALVED, inward=disturbance.hard)
                    await asyncio.sleep(seconds)
                    line.halve(0, inward=False)
                case "answers lost":  # what is left of them is lost while the worker comes back
                    line.lose(LOST)
                    await asyncio.sleep(seconds)
            await self._back()

    async def _back(self) -> None:
        """Return when every worker can change both worlds."""
        caller = Caller()
        for process in self._cloud.workers:
            for world in self.history.worlds:
                until = time.monotonic() + SOON_S
                while True:
                    body = {"username": PEOPLE[0]}
                    status, answer = await caller.call(process.url, "POST", f"{world.prefix}/_mock/tokens", body)
                    if status == 200:
                        break
                    if time.monotonic() > until:
                        raise Refusal(f"a worker does not come back within {SOON_S} s: {answer}")
                    await asyncio.sleep(0.02)
        caller.close()

    async def _fill(self, process: Process, disturbance: Disturbance) -> None:
        sizes = [path.stat().st_size for path in self._folder.iterdir() if path.name.endswith(("db", "-wal"))]
        with self._refusing():
            process.limit(1 if disturbance.hard else max(sizes) + int(disturbance.seconds * 100_000))
            await asyncio.sleep(disturbance.seconds)
            process.limit(-1)

    async def _rival(self, process: Process, *, paused: bool) -> None:
        """Start a second process with the same log: it is refused, and if not its calls are as true as any."""
        with self._cloud.paused(process) if paused else contextlib.nullcontext():
            rival = self._cloud.process()
            if await rival.ready():
                self._rivals.append(rival)
            elif (code := await rival.ended()) != REFUSED_LOG or "is in use by" not in rival.said:
                self.history.problem(f"a second process ends with {code}: {rival.said}")

    async def _replace(self, disturbance: Disturbance) -> None:
        """End one of several workers, while the others go on, and start another one in its place."""
        with self._refusing():
            await self._end_processes([self._cloud.workers[disturbance.worker]], NUMBERS[disturbance.kind])
            await asyncio.sleep(disturbance.seconds)
            await self._cloud.start_again(disturbance.worker)

    async def _end_processes(self, processes: Sequence[Process], number: signal.Signals) -> None:
        self._stopping = number == signal.SIGTERM
        for process in processes:
            process.send(number)
        for process in processes:
            code = await process.ended()
            if number == signal.SIGTERM and code != 0:
                self.history.problem(f"the process ended with {code} after SIGTERM: {process.said}")

    async def _recover(self, number: signal.Signals, *, hard: bool = False) -> None:
        """End all processes, start them again when nothing is under way, and judge what they have."""
        self._up.clear()
        await self._end_processes([*self._cloud.workers, *self._rivals], number)
        while self._under_way or any(one.current for one in self._listeners):  # noqa: ASYNC110 - none is the last
            await asyncio.sleep(0.005)
        self._stopping, self._rivals = False, []
        if hard and number == signal.SIGKILL and self._cloud.redis is not None:
            await self._cloud.redis.kill()
            await self._cloud.restart_redis()
        await self._cloud.start_workers()
        await self._judge(recovered=True)
        self._up.set()

    # --- judging

    async def _judge(self, *, recovered: bool = False) -> None:
        """Judge all worlds, and after a recovery also that nobody is shown as present."""
        worlds = [one["name"] for one in (await self._asked("GET", "/_mock/worlds"))["data"]]
        for world in self.history.worlds:
            control = f"{world.prefix}/_mock"
            snapshot = await self._same(f"{control}/snapshot")
            faults = (await self._same(f"{control}/faults"))["data"]
            await asyncio.gather(*(listener.barrier() for listener in self._listeners), return_exceptions=True)
            fired = next((one["fired"] for one in faults if one["id"] == world.fault), -1)
            self.history.problems += Judge(world, snapshot, fired, worlds).judge()
            until = time.monotonic() + (EQUAL_S if self._several else 0)  # sockets of other workers hear a little later
            while unheard(world) and time.monotonic() < until:  # noqa: ASYNC110 - they hear by many ways
                await asyncio.sleep(0.01)
            self.history.problems += unheard(world)
            if recovered and self._cloud.redis is None:  # where workers share a log a dead one is noticed later
                await self._nobody(control)

        users = _users(await self._same(f"{PATH}/snapshot"))
        self.history.problems += self._renewal.settle(users, self.history.now())

    async def _same(self, path: str) -> Any:
        """Return what all workers answer; they may differ only as long as somebody is answered who has left."""
        until = time.monotonic() + EQUAL_S
        while True:
            shown = [await self._asked("GET", path, url=process.url) for process in self._cloud.workers]
            if all(one == shown[0] for one in shown):
                return shown[0]
            if time.monotonic() > until:
                for number, one in enumerate(shown):
                    self._compare(f"{path} of the worker {number}", one, shown[0])
                return shown[0]
            await asyncio.sleep(0.1)

    async def _nobody(self, control: str, within: float = 0) -> None:
        """Make sure that all workers soon show nobody as present."""
        until = time.monotonic() + within
        for process in self._cloud.workers:
            while (counts := (await self._asked("GET", control, url=process.url))["counts"])["sockets"]:
                if time.monotonic() > until:
                    self.history.problem(f"{counts['sockets']} sockets are shown whose process has ended")
                    return
                await asyncio.sleep(0.1)
            if counts["people"]:
                self.history.problem(f"{counts['people']} people are present without a socket")

    async def _end(self) -> None:
        """End the processes, and hold what they have shown against what is in the log, and what the next one shows."""
        self._up.clear()
        for listener in self._listeners:
            await listener.stop()
        self._listeners = []
        for world in self.history.worlds:
            await self._nobody(f"{world.prefix}/_mock", SOON_S)
        worlds = [one["name"] for one in (await self._asked("GET", "/_mock/worlds"))["data"]]
        before = {name: await self._same(f"/w/{name}/_mock/snapshot") for name in worlds}
        await self._end_processes(self._cloud.workers, NUMBERS[self._program.last])
        rebuilt = await states(self._cloud.log(), self._cloud.url)
        if rebuilt.keys() != before.keys():
            self.history.problem(f"the log has the worlds {sorted(rebuilt)}, not {sorted(before)}")
            return
        for name, state in rebuilt.items():
            self._compare(f"the log of the world {name}", state, before[name]["state"])
        await self._cloud.start_workers(1)
        await self._judge(recovered=True)
        for name, snapshot in before.items():
            self._compare(f"the world {name}", await self._asked("GET", f"/w/{name}/_mock/snapshot"), snapshot)

    def _compare(self, where: str, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        for part, value in found.items():
            if value != wanted[part]:
                inside = [name for name in value if value[name] != wanted[part].get(name)] if part == "state" else part
                self.history.problem(f"{where} differs in {inside} from what was shown")

    async def _met(self, caller: Caller, url: str, path: str, token: str = "") -> int:
        """Return the status that a new connection is answered, or 0 if there is none that says anything."""
        caller.close()
        try:
            status, _ = await caller.call(url, "GET", path, token=token)
        except (BrokenError, UnsentError):
            return 0
        return 0 if status == 503 else status


def _users(snapshot: Mapping[str, Any]) -> list[str]:
    return [one["username"] for one in snapshot["state"]["users"]]


async def states(url: str, public: str) -> dict[str, dict[str, Any]]:
    """Return the entities of each world that is in a log, as a snapshot shows them.

    Whoever reads one that is shared has the options of its workers, of which they have the ``public`` URL, and would
    wait for their end otherwise; in a thread, since what is between other programs and their logs is in this one.
    """
    options = shared_options(Config(), public)
    log, found = await asyncio.to_thread(lambda: open_log(url, prefix=PREFIX, options=options)), {}
    try:
        for world, generation in (await log.names()).items():
            state = State(contract=Contract.shipped(), settings=Settings(), random=None)
            stand, parts = await log.snapshot(generation)
            for data in [*parts, *(one.data for one in await log.after(generation, stand))]:
                encoding.apply(state, encoding.decoded(data))
            shown: dict[str, Any] = {}
            for name in ENTITIES:
                store: Collection[Any] = getattr(state, name)
                shown[name] = msgspec.json.decode(msgspec.json.encode(store.every()))
            found[world] = shown
    finally:
        await log.close()
    return found
