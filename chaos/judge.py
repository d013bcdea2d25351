"""Holds the state of a world against what its clients were told; nothing may be under way meanwhile."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chaos.history import ACKNOWLEDGED, REFUSED, UNCLEAR, Attempt, Post, WorldHistory
from chaos.program import PEOPLE

SETTINGS = ("files.max_bytes", "accounts.cookie_prefix", "rest.service_leeway_s")  # each is changed by one person
UNIQUE = ("companies", "users", "spaces", "members", "user_spaces", "invites", "messages")
Found = dict[str, list[dict[str, Any]]]


class Judge:
    """Judges one world by its whole state, as a snapshot has it, and what else it was asked for."""

    def __init__(self, world: WorldHistory, snapshot: Mapping[str, Any], fired: int, worlds: Sequence[str]) -> None:
        self.problems: list[str] = []
        self._world = world
        self._snapshot = snapshot
        self._state: Mapping[str, Any] = snapshot["state"]
        self._fired = fired
        self._worlds = worlds
        there = {one["id"]: one for one in self._state["messages"] if not one["deleted"]}
        self._messages = {id_: one for id_, one in there.items() if one["category"] != "meeting"}
        self._meetings = {id_: one for id_, one in there.items() if one["category"] == "meeting"}

    def judge(self) -> list[str]:
        """Return what is wrong; what was unclear and is found there has to stay from now on."""
        self._ids()
        self._hearing()
        self._posts()
        self._made()
        self._starts()
        self._ends()
        self._registers()
        self._orders()
        return [f"{self._world.prefix or '/'}: {one}" for one in self.problems]

    def _say(self, problem: str) -> None:
        self.problems.append(problem)

    def _ids(self) -> None:
        for name in UNIQUE:
            times = Counter(one["id"] for one in self._state[name])
            self.problems += [f"{name} has {id_} {count} times" for id_, count in times.items() if count > 1]
        activities = self._state["activities"]
        if activities < self._world.activities:
            self._say(f"the counter of activities went back from {self._world.activities} to {activities}")
        self._world.activities = activities
        numbers = Counter(one["sequence"] for one in self._state["spaces"])
        self.problems += [f"two spaces have the sequence number {one}" for one, count in numbers.items() if count > 1]

    # --- messages

    def _hearing(self) -> None:
        """What somebody has heard or read was committed, whatever its client was told."""
        world = self._world
        edits = {text: one for post in world.posts.values() for one, text in post.edits}
        for connection in world.connections:
            ids = Counter(id_ for _, id_, _ in connection.heard)
            self.problems += [f"a socket heard {id_} {times} times" for id_, times in ids.items() if times > 1]
            world.seen |= {id_: text for _, id_, text in connection.heard}
            for _, text in connection.edited:
                self._seen(edits.get(text), f"the edit {text!r}")
        for id_, text in world.seen.items():
            post = world.posts.get(base(text))
            if post is None:
                continue
            self._seen(post.made, f"the message {text!r}")
            if id_ not in self._messages and not post.may_be_gone:
                self._say(f"the message {text!r} ({id_}) was shown to somebody and is not there")

    def _seen(self, attempt: Attempt | None, what: str) -> None:
        if attempt is None or attempt.outcome == REFUSED:
            self._say(f"{what} was shown to somebody, and was refused")
        elif attempt.outcome == UNCLEAR:
            attempt.outcome = ACKNOWLEDGED

    def _posts(self) -> None:
        world, there = self._world, defaultdict[str, list[dict[str, Any]]](list)
        for one in self._messages.values():
            there[base(one["text"])].append(one)
        for name in there.keys() - world.posts.keys() - {"idea"}:
            self._say(f"nobody has sent the message {name!r}")
        for name, post in world.posts.items():
            self.problems += [f"message {name!r}: {one}" for one in self._post(post, there[name])]
        comments = Counter(one["parent_id"] for one in self._messages.values())
        for idea in world.ideas:
            if idea not in self._messages:
                self._say(f"the idea {idea} is gone")
            elif self._messages[idea]["comments"] != comments[idea]:
                self._say(f"an idea counts {self._messages[idea]['comments']} comments and has {comments[idea]}")

    def _post(self, post: Post, found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        outcome = post.made.outcome
        if len(found) > 1:
            yield f"it is there {len(found)} times"
        if not found:
            if outcome == ACKNOWLEDGED and not post.may_be_gone:
                yield f"it was acknowledged ({post.made.id}) and is not there"
            return
        one = found[0]
        if outcome == REFUSED:
            yield "it was refused and is there"
        if outcome == UNCLEAR:
            post.made.outcome, post.made.id = ACKNOWLEDGED, one["id"]
        if post.must_be_gone:
            yield "it was deleted and is there"
        if post.made.id and one["id"] != post.made.id:
            yield f"it has the id {one['id']}, not {post.made.id}"
        if one["text"] not in post.texts:
            yield f"it reads {one['text']!r}, not one of {sorted(post.texts)}"
        shown = (one["sender"]["username"], one["space_id"], one["parent_id"] or "")
        if shown != (post.sender, post.space, post.parent):
            yield f"sender, space and parent are {shown}, not {(post.sender, post.space, post.parent)}"

    # --- other things that are made

    def _made(self) -> None:
        members = Counter(one["space_id"] for one in self._state["members"])
        mine = Counter(one["space_id"] for one in self._state["user_spaces"])
        invites = Counter(one["space_id"] for one in self._state["invites"])
        spaces, users = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        for one in self._state["spaces"]:
            spaces[one["title"]].append(one["id"])
        for one in self._state["users"]:
            users[one["username"]].append(one["id"])
        rooms = {one["owner_id"] for one in self._state["spaces"]}
        for name, attempt in self._world.made.items():
            found = (spaces if attempt.operation.kind == "space" else users)[name]
            self.problems += [f"{attempt.operation.kind} {name!r}: {one}" for one in _once(attempt, found)]
            for id_ in found:
                if attempt.operation.kind == "space" and (members[id_], mine[id_], invites[id_]) != (2, 1, 1):
                    shown = f"{members[id_]} members, {mine[id_]} entries in lists and {invites[id_]} invites"
                    self._say(f"space {name!r} is half there: {shown}")
                if attempt.operation.kind == "user" and id_ not in rooms:
                    self._say(f"user {name!r} is half there: without a room of their own")

    # --- meetings

    def _starts(self) -> None:
        """Whoever joins starts a meeting if none is active, and meets others otherwise."""
        joins, ends = self._world.joins, self._world.ends
        unclear = sum(one.outcome == UNCLEAR for one in joins)
        if len(started := self._meetings.keys() - {one.id for one in joins}) > unclear:
            self._say(f"nobody has started the meetings {sorted(started)}")
        for join in [one for one in joins if one.outcome == ACKNOWLEDGED]:
            person, found = PEOPLE[join.operation.client // 2], self._meetings.get(join.id)
            if found is None or person not in [one["username"] for one in found["meeting"]["attendees"]]:
                self._say(f"{person} has joined the meeting {join.id} and is not in it")
            if join.id in ends and 0 < ends[join.id].answered < join.began and ends[join.id].outcome == ACKNOWLEDGED:
                self._say(f"{person} has joined the meeting {join.id} after its end was acknowledged")

    def _ends(self) -> None:
        """One meeting is active at most, and one that was ended stays so."""
        ends = self._world.ends
        active = [id_ for id_, one in self._meetings.items() if one["meeting"]["end"] is None]
        if len(active) > 1:
            self._say(f"{len(active)} meetings are active at once: {active}")
        for id_ in self._meetings.keys() - {*active}:
            if id_ not in ends or ends[id_].outcome == REFUSED:
                self._say(f"nobody has ended the meeting {id_}")
        for id_, end in ends.items():
            if end.outcome == ACKNOWLEDGED and id_ in active:
                self._say(f"the end of the meeting {id_} was acknowledged, and it is active")
            if end.outcome == UNCLEAR:
                end.outcome, end.answered = REFUSED if id_ in active else ACKNOWLEDGED, 0

    # --- what has one value

    def _registers(self) -> None:
        world = self._world
        for name, may in world.settings.items():
            if (value := self._snapshot["settings"][name]) not in may:
                self._say(f"the setting {name} is {value}, which is none of {may}")
            may.clear()
            may.add(value)
        self._count("the clock was moved", round(self._snapshot["clock"]["offset"]), world.advances)
        self._count("the fault has fired", self._fired, world.pokes)
        for name, may in world.worlds.items():
            if (there := name in self._worlds) not in may:
                self._say(f"the world {name} is {'there' if there else 'not there'}, against what was acknowledged")
            may.clear()
            may.add(there)

    def _count(self, what: str, found: int, attempts: list[Attempt]) -> None:
        outcomes = Counter(one.outcome for one in attempts)
        least, most = outcomes[ACKNOWLEDGED], outcomes[ACKNOWLEDGED] + outcomes[UNCLEAR]
        if not least <= found <= most:
            self._say(f"{what} {found} times, not {least} to {most} times")
        wanted = found - least
        for one in [one for one in attempts if one.outcome == UNCLEAR]:
            one.outcome = ACKNOWLEDGED if wanted > 0 else REFUSED
            wanted -= 1

    # --- order

    def _orders(self) -> None:
        """Everybody has read and heard the posts of a space in the order in which they are stored."""
        places = {one["id"]: place for place, one in enumerate(self._state["messages"])}
        read = self._world.orders
        heard = [
            (space, [id_ for where, id_, _ in one.heard if where == space])
            for one in self._world.connections
            for space in self._world.spaces
        ]
        for how, orders in (("read", read), ("heard", heard)):
            for space, ids in orders:
                known = [places[id_] for id_ in ids if id_ in places]
                if known != sorted(known):
                    self._say(f"somebody {how} the posts of {space} in another order than they are stored in")


def unheard(world: WorldHistory) -> list[str]:
    """Return what sockets that are there still should have heard, since it was acknowledged after they subscribed."""
    found = []
    for connection in world.connections:
        heard = {base(text) for _, _, text in connection.heard} if connection.alive else set()
        for name, post in world.posts.items() if connection.alive else ():
            since = connection.since.get(post.space)
            acknowledged = post.made.outcome == ACKNOWLEDGED
            if since is not None and acknowledged and post.made.began > since and name not in heard:
                found.append(f"{world.prefix or '/'}: a socket that subscribed before did not hear of {name!r}")
    return found


def _once(attempt: Attempt, found: Sequence[str]) -> Iterator[str]:
    if len(found) > 1:
        yield f"it is there {len(found)} times"
    if not found and attempt.outcome == ACKNOWLEDGED:
        yield "it was acknowledged and is not there"
    if found and attempt.outcome == REFUSED:
        yield "it was refused and is there"
    if found and attempt.outcome == UNCLEAR:
        attempt.outcome = ACKNOWLEDGED


def base(text: str) -> str:
    """Return what a message was called first, without what an edit has added."""
    return " ".join(text.split(" ")[:2])


def allowed(first: Any, writes: Sequence[tuple[Attempt, Any]], read: Attempt) -> set[Any]:
    """Return the values that a read may show of what one client after another has written.

    The last write that was acknowledged before it began counts, and whatever may have been carried out since then.
    """
    found = {first}
    for write, value in writes:
        if write.outcome == ACKNOWLEDGED and write.answered < read.began:
            found = {value}
        elif write.outcome != REFUSED and write.began < read.answered:
            found.add(value)
    return found
