"""Messages of all the caller's spaces (USERS-MSGS, USERS-ATT, USERS-TASKS, USERS-IDEAS)."""

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.messaging import own_messages
from mockspaces.cloud.store.entities import Message
from mockspaces.cloud.views import message_views
from mockspaces.contract.spaces import TaskStatus
from mockspaces.rest import paging
from mockspaces.rest.call import Call, Handlers


def _render(call: Call) -> paging.Render[Message]:
    async def render(message: Message) -> object:
        if message.deleted:
            return message_views.deleted(call.world, message)
        return await message_views.listed(call.world, call.origins, message)

    return render


async def messages(call: Call) -> object:
    """List the messages of some spaces by their last change (USERS-MSGS-01..03)."""
    most = call.world.contract.limits.space_list
    space_ids = [part.strip() for part in call.query.get("spacelist", "").split(",")]
    if not all(space_ids) or len(space_ids) > most:
        raise invalid("spacelist", f"expected 1 to {most} space ids with commas between them")
    after = paging.after(call)
    paging.check_token(call)
    places = await own_messages.readable(call.world, call.caller, space_ids)
    deleted = call.query.get("includedeleted", "").lower() == "true"
    listing = own_messages.changed(call.world, places, after, deleted=deleted)
    return await paging.tokened(call, listing, _render(call))


async def attachments(call: Call) -> object:
    """List the messages with attachments in the caller's spaces (USERS-ATT-01, -02)."""
    listing = await own_messages.with_files(call.world, call.caller.id)
    return await paging.referenced(call, listing, _render(call))


async def tasks(call: Call) -> object:
    """List the tasks that the caller made or has to do (USERS-TASKS-01..03)."""
    listing = own_messages.tasks(call.world, call.caller.id, _status(call.query.get("status")))
    return await paging.referenced(call, listing, _render(call))


def _status(given: str | None) -> TaskStatus | None:
    if not given:
        return None
    if given == "pending":
        return "pending"
    if given == "completed":
        return "completed"
    raise invalid("status", 'expected "pending" or "completed"')


async def ideas(call: Call) -> object:
    """List the posts of the caller's spaces (USERS-IDEAS-01, -02)."""
    listing = await own_messages.ideas(call.world, call.caller.id)
    return await paging.referenced(call, listing, _render(call))


HANDLERS: Handlers = {
    "USERS-MSGS": Handler(messages),
    "USERS-ATT": Handler(attachments),
    "USERS-TASKS": Handler(tasks),
    "USERS-IDEAS": Handler(ideas),
}
