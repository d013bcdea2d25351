"""Messages: lists, chats, posts, tasks, comments, editing and deleting (MSG-*)."""

from collections.abc import Sequence

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.messaging import drafts, files, messages
from mockspaces.cloud.messaging.timeline import Filter, Timeline
from mockspaces.cloud.spaces.access import Standing
from mockspaces.cloud.store.entities import Category, Message, StoredFile
from mockspaces.cloud.store.listing import Indexed, Listing
from mockspaces.cloud.views import message_views
from mockspaces.contract.shapes import messages as shapes
from mockspaces.contract.shapes.files import ViewUrl
from mockspaces.contract.shapes.lists import Data
from mockspaces.rest import paging
from mockspaces.rest.call import Call, Handlers

QUERY_CATEGORIES: tuple[Category, ...] = ("chat", "idea", "task")
PARENT_CATEGORIES: tuple[Category, ...] = ("idea", "task")


async def shown(call: Call, message: Message) -> shapes.Message | shapes.Meeting:
    """Return a message as this caller reaches it."""
    return await message_views.message(call.world, call.origins, message)


async def page(call: Call, listing: Listing[Message], *, by_page: bool = False) -> object:
    """Return a page of messages (style R)."""

    async def render(message: Message) -> object:
        return await message_views.listed(call.world, call.origins, message)

    return await paging.referenced(call, listing, render, by_page=by_page)


def newest_first(call: Call, found: Standing, index: str, partition: object) -> Indexed[Message]:
    """Return the messages of one partition that the caller may see (PAGE-ORD-01, PERM-HIST-01)."""
    floor = (messages.horizon(call.world, found),)
    return Indexed(call.world.state.messages, index, partition, descending=True, floor=floor)


# --- lists


async def by_reference(call: Call, found: Standing) -> object:
    """List everything in a space, categories mixed (MSG-BYREF-02)."""
    return await page(call, newest_first(call, found, "space", found.space.id))


async def query(call: Call, found: Standing) -> object:
    """List what the filters leave (MSG-QUERY-01..07)."""
    floor = messages.horizon(call.world, found)
    low, high = _bounds(call, floor)
    yes = call.world.contract.rest.yes
    wanted = Filter(
        low=low,
        high=high,
        category=_word(call, "category", QUERY_CATEGORIES),
        parent=_word(call, "parentmsg_category", PARENT_CATEGORIES, none="none"),
        with_files=call.query.get("file_only", "").lower() in yes,
        chats_without_files=call.query.get("chatmsg_only", "").lower() in yes,
        words=call.query.get("searchstring", ""),
    )
    return await page(call, Timeline(call.world, found.space.id, wanted))


def _bounds(call: Call, floor: int) -> tuple[int, int | None]:
    """Return the times that ``refTime`` and ``direction`` allow; none without ``refTime`` (MSG-QUERY-01)."""
    direction = call.query.get("direction") or "after"
    if direction not in ("after", "before"):
        raise invalid("direction", 'expected "after" or "before"')
    given = call.query.get("refTime")
    if not given:
        return floor, None
    moment = drafts.time("refTime", given)
    return (max(floor, moment + 1), None) if direction == "after" else (floor, moment)


def _word(call: Call, name: str, words: Sequence[Category], none: str = "") -> Category | None:
    given = call.query.get(name) or none
    for word in words:
        if given == word:
            return word
    if given != none:
        known = ", ".join(filter(None, [*words, none]))
        raise invalid(name, f"expected one of {known}")
    return None


async def ideas(call: Call, found: Standing) -> object:
    """List the posts of a space (MSG-IDEAS-01, -02)."""
    return await page(call, newest_first(call, found, "category", (found.space.id, "idea")), by_page=True)


async def tasks(call: Call, found: Standing) -> object:
    """List the tasks of a space (MSG-TASKS-01..03)."""
    return await page(call, newest_first(call, found, "category", (found.space.id, "task")), by_page=True)


async def idea_comments(call: Call, found: Standing, parent: Message) -> object:
    """List the comments on a post (MSG-COMMI-01..03)."""
    return await page(call, newest_first(call, found, "parent", parent.id))


async def task_comments(call: Call, found: Standing, parent: Message) -> object:
    """List the comments on a task (MSG-COMMT-01)."""
    return await page(call, newest_first(call, found, "parent", parent.id))


# --- creating


async def create_chat(call: Call, found: Standing) -> object:
    """Send a chat message, or comment on a post or task (MSG-CHAT-01..05)."""
    return await _create(call, found, "chat")


async def create_idea(call: Call, found: Standing) -> object:
    """Create a post (MSG-IDEA-01..05)."""
    return await _create(call, found, "idea")


async def create_task(call: Call, found: Standing) -> object:
    """Create a task (MSG-TASK-01..08)."""
    return await _create(call, found, "task")


async def _create(call: Call, found: Standing, category: Category) -> object:
    draft = drafts.read(call.world, category, await call.decode(drafts.MessageBody))
    message = await messages.create(call.world, call.caller.person, found.space, draft)
    return Data([await shown(call, message)])


# --- one message


async def get(call: Call, _found: Standing, message: Message) -> object:
    """Return a message as a bare object (MSG-GET-01)."""
    return await shown(call, message)


async def edit(call: Call, _found: Standing, message: Message) -> object:
    """Change a message and return it bare (MSG-UPDATE-01..07, MSG-PATCH-01)."""
    body = await call.decode(drafts.EditBody)
    return await shown(call, await messages.edit(call.world, message, body))


async def viewer_url(call: Call, _found: Standing, _message: Message, file: StoredFile) -> object:
    """Return where a file of a message can be looked at (MSG-VIEWER-01)."""
    return Data([ViewUrl(url=f"{call.origins.rest}/api/files/viewUrls/{files.view_token(call.world, file)}")])


# --- deleting

MessageIds = list[str]


async def delete(call: Call) -> object:
    """Delete up to 100 messages and say what became of each (MSG-DELETE-01..05)."""
    wanted = await call.decode(MessageIds)
    most = call.world.contract.limits.delete_messages
    if not 0 < len(wanted) <= most:
        raise invalid("body", f"expected 1 to {most} message ids")
    result = await messages.delete(call.world, call.caller, wanted)
    return shapes.Deletion(
        deleted_messages=result.deleted,
        not_found_mmessages=result.unknown,
        not_deleted_messages=[_reason(call, *one) for one in result.impossible],
        no_permitted_messages=[_reason(call, *one) for one in result.forbidden],
    )


def _reason(call: Call, message_id: str, code: str) -> shapes.NotDeleted:
    row = call.world.contract.errors[code]
    return shapes.NotDeleted(message_id=message_id, reason=shapes.Reason(code=row.code, message=row.message))


HANDLERS: Handlers = {
    "MSG-BYREF": Handler(by_reference),
    "MSG-QUERY": Handler(query),
    "MSG-IDEAS": Handler(ideas),
    "MSG-TASKS": Handler(tasks),
    "MSG-COMMI": Handler(idea_comments),
    "MSG-COMMT": Handler(task_comments),
    "MSG-CHAT": Handler(create_chat, body=drafts.MessageBody),
    "MSG-IDEA": Handler(create_idea, body=drafts.MessageBody),
    "MSG-TASK": Handler(create_task, body=drafts.MessageBody),
    "MSG-GET": Handler(get),
    "MSG-UPDATE": Handler(edit, body=drafts.EditBody),
    "MSG-PATCH": Handler(edit, body=drafts.EditBody),
    "MSG-VIEWER": Handler(viewer_url),
    "MSG-DELETE": Handler(delete, body=MessageIds),
}
