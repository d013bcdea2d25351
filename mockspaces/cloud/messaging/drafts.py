"""What people write: the shape and syntax of a new or edited message, the same for REST and socket.

Reading a draft is the first half of step 7 of ERR-ORDER-01; ids that it names are looked up later.
"""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from mockspaces.cloud.kernel.clock import milliseconds
from mockspaces.cloud.kernel.escaping import escape
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import Attachment, Category, Message, Task, replace
from mockspaces.contract.spaces import TaskStatus


class Reference(msgspec.Struct, frozen=True):
    """Somebody or something by its id."""

    id: str = msgspec.field(name="_id")


class TaskBody(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What a task adds, at top level or inside ``content`` (MSG-TASK-03)."""

    assignees: list[str | Reference] | UnsetType | None = UNSET
    due_date: str | UnsetType | None = UNSET
    status: str | int | UnsetType | None = UNSET


class ContentBody(TaskBody, frozen=True, rename="camel", kw_only=True):
    """The member ``content``; what is absent stays as it is when a message is edited (MSG-UPDATE-02)."""

    body_text: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    data: list[Attachment] | UnsetType = UNSET


class MessageBody(TaskBody, frozen=True, rename="camel", kw_only=True):
    """A new message (MSG-CHAT-01, MSG-IDEA-02, MSG-TASK-02, RT-MSG-01); unknown members are ignored."""

    content: ContentBody
    parent_msg: Reference | None = None
    mentions: Any = None
    version: Any = None


class EditBody(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A changed message (MSG-UPDATE-01)."""

    id: str = msgspec.field(name="_id")
    content: ContentBody | UnsetType = UNSET
    modified: str | UnsetType | None = UNSET
    mentions: Any = UNSET


class Draft(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A message that nobody has sent yet; its syntax is checked."""

    category: Category
    text: str
    description: str | None = None
    attachments: tuple[Attachment, ...] = ()
    parent_id: str | None = None
    task: Task | None = None
    mentions: Any = None
    version: Any = None


def read(world: World, category: Category, body: MessageBody) -> Draft:
    """Return what a client wants to send. Refuses bad content (`request.invalid`)."""
    content = body.content
    attachments = () if content.data is UNSET else tuple(content.data)
    if len(attachments) > world.contract.limits.attachments:
        raise invalid("content.data", f"at most {world.contract.limits.attachments}")
    text = "" if content.body_text is UNSET else content.body_text
    _check_text(category, text, attachments)
    return Draft(
        category=category,
        text=_stored(world, text),
        description=None if category == "chat" else _stored(world, _given(content.description) or ""),
        attachments=attachments,
        parent_id=body.parent_msg.id if body.parent_msg and category == "chat" else None,
        task=_new_task(world, body) if category == "task" else None,
        mentions=body.mentions,
        version=body.version,
    )


def merge(world: World, message: Message, body: EditBody) -> Message:
    """Return a message with the sent members replaced (MSG-UPDATE-02). Refuses bad content."""
    content = ContentBody() if body.content is UNSET else body.content
    text = message.text if content.body_text is UNSET else content.body_text
    attachments = message.attachments if content.data is UNSET else tuple(content.data)
    _check_text(message.category, text, attachments)
    description = message.description
    if description is not None and content.description is not UNSET:
        description = _stored(world, content.description or "")
    return replace(
        message,
        text=_stored(world, text),
        description=description,
        attachments=attachments,
        task=_task(world, content, message.task) if message.task else None,
        mentions=message.mentions if body.mentions is UNSET else body.mentions,
    )


def time(member: str, text: str) -> int:
    """Return an ISO time in milliseconds. Refuses anything else."""
    try:
        return milliseconds(text)
    except (ValueError, OverflowError):
        raise invalid(member, "expected an ISO-8601 time") from None


def _check_text(category: Category, text: str, attachments: tuple[Attachment, ...]) -> None:
    if not text.strip() and not (category == "chat" and attachments):
        raise invalid("content.bodyText", "must not be blank")


def _stored(world: World, text: str) -> str:
    return escape(text, world.contract.spaces.escapes) if world.settings.rest_escape_text else text


def _given(value: Any) -> Any:
    return None if value is UNSET else value


def _new_task(world: World, body: MessageBody) -> Task:
    """Read both places, ``content`` first; what is missing has its default unless the world is strict (MSG-TASK-05)."""
    merged: dict[str, Any] = {}
    for name in ("assignees", "due_date", "status"):
        inner = getattr(body.content, name)
        merged[name] = getattr(body, name) if inner is UNSET else inner
        if world.settings.rest_strict_tasks and _given(merged[name]) is None:
            raise invalid(msgspec.structs.fields(TaskBody)[len(merged) - 1].encode_name, "required")
    return _task(world, TaskBody(**merged), Task())


def _task(world: World, body: TaskBody, before: Task) -> Task:
    status, due, assignees = before.status, before.due, before.assignees
    if body.status is not UNSET:
        status = _status(world, body.status)
    if body.due_date is not UNSET:
        due = time("dueDate", body.due_date) if body.due_date else None
    if body.assignees is not UNSET:
        ids = (one if isinstance(one, str) else one.id for one in body.assignees or ())
        assignees = tuple(dict.fromkeys(ids))
    return Task(
        status=status,
        due=due,
        assignees=assignees,
    )


def _status(world: World, given: str | int | None) -> TaskStatus:
    """Return a status by its word or number (MSG-TASK-04)."""
    facts = world.contract.spaces
    if given is None:
        return "pending"
    if isinstance(given, int) and 0 <= given < len(facts.task_numbers):
        return facts.task_numbers[given]
    if given not in facts.task_words:
        raise invalid("status", 'expected "pending" or "completed"')
    return facts.task_words[str(given)]
