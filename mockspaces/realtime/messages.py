"""Messages over the socket: the same operation as over REST (RT-MSG-*, RT-FAIL-*)."""

import msgspec

from mockspaces.asgi.decoding import decode
from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.messaging import drafts, messages
from mockspaces.cloud.messaging.drafts import MessageBody
from mockspaces.cloud.spaces import access
from mockspaces.cloud.store.entities import Category
from mockspaces.contract import errors, events
from mockspaces.contract.shapes import events as shapes
from mockspaces.realtime import payloads
from mockspaces.realtime.handling import Handlers, Handling, code, text
from mockspaces.realtime.hub import Payload, Session

CATEGORIES: dict[str, Category] = {"chat": "chat", "idea": "idea", "task": "task"}


async def failed(session: Session, payload: Payload, rejection: Rejection) -> None:
    """Give the sent payload back with its sender and the reason (RT-FAIL-01)."""
    shown = shapes.NotSent(
        sender=payloads.sender(session.origins, session.caller.person), error=code(session, rejection)
    )
    answer = {**payloads.others(payload, shown), **payloads.as_plain(session.hub.world, shown)}
    await session.tell(events.SEND_MESSAGE_FAILED, answer)


def require_subscription(session: Session, space_id: str) -> None:
    """Refuse what is said in a space without a subscription to it (RT-MSG-03, RT-ACC-05)."""
    connection = session.connection
    if connection is None or space_id not in connection.spaces:
        raise Rejection(errors.SUBSCRIPTION_REQUIRED, f'the connection is not subscribed to "{space_id}"')


async def send(session: Session, payload: Payload) -> None:
    """Create a message (RT-MSG-01..06): subscription, author, content, ids, state, in this order."""
    world, space_id = session.hub.world, text(payload.get("topicId"))
    require_subscription(session, space_id)
    space = await access.find_space(world, space_id)
    category = CATEGORIES.get(text(payload.get("category")))
    if category is None:
        raise invalid("category", 'expected "chat", "idea" or "task"')
    messages.check_author(world, category, await access.standing(world, session.caller, space))
    body = decode(msgspec.json.encode(payload), MessageBody, world.contract.limits)
    draft = drafts.read(world, category, body)
    await messages.create(
        world, session.caller.person, space, draft, origin=session.id, loopback=payload.get("loopbackMetadata")
    )


HANDLERS: Handlers = {
    events.SEND_MESSAGE: Handling(send, failed),
}
