"""Messages: creating, editing, reading and deleting them, for REST and socket alike (MSG-*, RT-MSG-*).

A surface admits the caller to the space, asks `check_author` or `check_editor`, reads the draft, and calls
one operation. Operations announce what they did before they return (MSG-GEN-02).
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.events import MessageRemoved, MessageSent
from mockspaces.cloud.kernel.rejection import Rejection, invalid, not_found
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging.drafts import Draft, EditBody, merge, time
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.spaces.access import Standing, find_space, standing
from mockspaces.cloud.store.entities import (
    LATEST_MOMENT,
    AnonymousUser,
    Category,
    Message,
    Person,
    Sender,
    Space,
    SpaceTime,
    Task,
    member_id,
    replace,
)
from mockspaces.contract import errors
from mockspaces.contract.rows import Role


def sender_of(person: Person) -> Sender:
    """Return a person as the author of something (DM-MSG-03); their picture is None if they have none."""
    anonymous = isinstance(person, AnonymousUser)
    return Sender(
        id=person.id,
        type="anonymous" if anonymous else "user",
        username=person.username,
        displayname=person.displayname,
        picture=person.picture_url if isinstance(person, AnonymousUser) else person.picturefile,
    )


# --- who may


def check_author(world: World, category: Category, found: Standing) -> None:
    """Steps 6b and 6c for a new message; a subscriber who never joined counts as guest (RT-MSG-04, PERM-POL-01)."""
    role: Role = found.role or "guest"
    if category != "chat":
        if found.space.type == "direct":
            raise Rejection(errors.DIRECT_NOT_ALLOWED, "a direct space takes chat messages only")
        if role == "guest":
            raise Rejection(errors.PERMISSION_DENIED, f"a guest cannot create a {category}")
    policy = str(found.space.settings.get("contentCreation"))
    if role not in world.contract.spaces.writers.get(policy, (role,)):
        raise Rejection(errors.POLICY_FORBIDS, f"settings.contentCreation is {policy}; the caller is {role}")


def check_editor(caller: Caller, message: Message) -> None:
    """Step 6c for an edit: a chat is its sender's alone, and no service app's (MSG-UPDATE-06)."""
    if message.category != "chat":
        return
    if caller.kind == "svc":
        raise Rejection(errors.PERMISSION_DENIED, "service apps edit posts and tasks only")
    if message.sender.id != caller.id:
        raise Rejection(errors.PERMISSION_DENIED, "only its sender may edit a chat message")


def horizon(world: World, found: Standing) -> int:
    """Return the time before which a guest sees nothing, 0 for everybody else (PERM-HIST-01).

    A stranger has not come yet, so all is from before.
    """
    if not spaces.hides_history(world, found):
        return 0
    return found.member.join_time if found.member else LATEST_MOMENT


def check_visible(world: World, found: Standing, message: Message) -> None:
    """Step 6c for reading one message (PERM-HIST-01)."""
    if message.created < horizon(world, found):
        raise Rejection(errors.PERMISSION_DENIED, "the message is older than the guest's joining")


# --- reading


async def find(world: World, message_id: str, code: str = errors.MESSAGE_NOT_FOUND) -> Message:
    """Return a message. Refuses unknown, malformed and deleted ones alike."""
    message = await world.state.messages.get(message_id)
    if message is None or message.deleted:
        raise not_found(code, "message", message_id)
    return message


async def find_parent(world: World, message_id: str, category: Category) -> Message:
    """Return a post or task; a message of another category is none (MSG-COMMI-03)."""
    code = errors.IDEA_NOT_FOUND if category == "idea" else errors.TASK_NOT_FOUND
    message = await find(world, message_id, code)
    if message.category != category:
        raise not_found(code, category, message_id)
    return message


async def unread(world: World, space_id: str, person_id: str, since: int) -> int:
    """Return how many messages of others came after ``since``; meetings do not count (USERS-READ-05)."""
    messages, after = world.state.messages, (since + 1,)
    own = await messages.count("sender", (space_id, person_id), after=after)
    counts = [
        await messages.count("category", (space_id, category), after=after) for category in world.contract.spaces.unread
    ]
    return sum(counts) - own


# --- changing


async def _moment(world: World, space_id: str) -> int:
    """Return the time of a new message; in one space it strictly increases (REST-TIME-03)."""
    moment = max(world.clock.now_ms(), await newest_time(world, space_id) + 1)
    await world.state.message_times.put(SpaceTime(id=space_id, newest=moment))
    return moment


async def newest_time(world: World, space_id: str) -> int:
    """Return the time of the newest message of a space, deleted ones included; 0 if there never was one."""
    known = await world.state.message_times.get(space_id)
    return known.newest if known else 0


async def create(
    world: World, author: Person, space: Space, draft: Draft, *, origin: str | None = None, loopback: Any = None
) -> Message:
    """Create a message and announce it: the end of step 7, step 8, effect. The author is already admitted."""
    await _check_assignees(world, space, draft.task)
    parent = await _parent(world, space, draft) if draft.parent_id else None
    spaces.refuse_archived(space)
    message = await put_new(world, author, space, draft, parent)
    await world.publish(MessageSent(space=space, message=message, origin=origin, loopback=loopback))
    return message


async def add(world: World, author: Person, space: Space, draft: Draft) -> Message:
    """Create a message in any space, archived ones too, and announce it: what fixtures do."""
    parent = await _parent(world, space, draft) if draft.parent_id else None
    message = await put_new(world, author, space, draft, parent)
    await world.publish(MessageSent(space=space, message=message))
    return message


async def put_new(world: World, author: Person, space: Space, draft: Draft, parent: Message | None = None) -> Message:
    """Store a new message, without any check or announcement."""
    message = Message(
        id=world.ids.object_id(),
        space_id=space.id,
        category=draft.category,
        sender=sender_of(author),
        created=await _moment(world, space.id),
        text=draft.text,
        description=draft.description,
        attachments=draft.attachments,
        parent_id=parent.id if parent else None,
        parent_category=parent.category if parent else None,
        task=draft.task,
        mentions=draft.mentions,
        version=draft.version,
    )
    await world.state.messages.put(message)
    if parent:
        await world.state.messages.put(replace(parent, comments=parent.comments + 1))
    await spaces.note_message(world, space, new=True)
    return message


async def _check_assignees(world: World, space: Space, task: Task | None, before: Task | None = None) -> None:
    """Refuse new assignees who are not in the space; one who has left since is no obstacle to an edit (MSG-TASK-04)."""
    known = before.assignees if before else ()
    for person in task.assignees if task else ():
        if person in known:
            continue
        entry = await world.state.members.get(member_id(space.id, person))
        if entry is None or entry.type == "email":
            raise invalid("assignees", f'"{person}" is no participant of the space')


async def _parent(world: World, space: Space, draft: Draft) -> Message:
    parent = await find(world, draft.parent_id or "")
    if parent.space_id != space.id:
        raise invalid("parentMsg._id", "is a message of another space")
    if parent.category not in ("idea", "task"):
        raise invalid("parentMsg._id", f"is a {parent.category}; only posts and tasks have comments")
    return parent


async def edit(world: World, message: Message, body: EditBody, *, origin: str | None = None) -> Message:
    """Change a message and announce it (MSG-UPDATE-01..07): steps 7 and 8. The editor is already admitted."""
    if body.id != message.id:
        raise invalid("_id", "differs from the id in the path")
    if message.category == "meeting":
        raise invalid("_id", "is a meeting, which cannot be edited")
    seen = time("modified", body.modified) if isinstance(body.modified, str) and body.modified else None
    changed = merge(world, message, body)
    space = await find_space(world, message.space_id)
    await _check_assignees(world, space, changed.task, message.task)
    spaces.refuse_archived(space)
    known = message.modified if body.modified is not msgspec.UNSET else None
    if known is not None and (seen is None or seen < known):  # null is older than any time (MSG-UPDATE-04)
        raise Rejection(errors.MESSAGE_OUTDATED, "the message was edited after the state that the client read")
    before = message.created if message.modified is None else message.modified
    changed = replace(changed, modified=max(world.clock.now_ms(), before + 1))
    await world.state.messages.put(changed)
    await world.publish(MessageSent(space=space, message=changed, origin=origin))
    return changed


class Deletion(msgspec.Struct):
    """What became of the messages that somebody wanted to delete (MSG-DELETE-02)."""

    deleted: list[str] = []
    unknown: list[str] = []
    impossible: list[tuple[str, str]] = []
    forbidden: list[tuple[str, str]] = []


async def delete(world: World, caller: Caller, message_ids: Sequence[str]) -> Deletion:
    """Delete messages, each for itself; a repeated id counts once (MSG-DELETE-01..04)."""
    result = Deletion()
    for message_id in dict.fromkeys(message_ids):
        message = await world.state.messages.get(message_id)
        space = await world.state.spaces.get(message.space_id) if message else None
        if message is None or space is None or message.deleted:
            result.unknown.append(message_id)
        elif not may_delete(caller, message, await standing(world, caller, space)):
            result.forbidden.append((message_id, errors.PERMISSION_DENIED))
        elif space.archived:
            result.impossible.append((message_id, errors.ARCHIVED))
        else:
            # Delete a message with its comments, which make no events of their own (MSG-DELETE-04).
            for comment in await world.state.messages.page("parent", message.id):
                await _empty(world, comment)
            await _empty(world, message)
            parent = await world.state.messages.get(message.parent_id) if message.parent_id else None
            if parent and not parent.deleted:
                await world.state.messages.put(replace(parent, comments=parent.comments - 1))
            await spaces.note_message(world, space, new=False)
            await world.publish(MessageRemoved(space=space, message=message, by=caller.person))
            result.deleted.append(message_id)
    return result


def may_delete(caller: Caller, message: Message, found: Standing) -> bool:
    """Whether the caller holds PERM_MESSAGE_DELETE: the sender, or an admin (PERM-MAP-06); nobody for a meeting."""
    if message.category == "meeting" or found.role is None:
        return False
    return message.sender.id == caller.id or found.role == "admin"


async def _empty(world: World, message: Message) -> Message:
    """Leave the shell that USERS-MSGS-02 still shows: id, space, category, time."""
    before = message.created if message.modified is None else message.modified
    shell = replace(
        message,
        deleted=True,
        modified=max(world.clock.now_ms(), before + 1),
        text="",
        description=None,
        attachments=(),
        task=None,
        mentions=None,
        version=None,
    )
    return await world.state.messages.put(shell)
