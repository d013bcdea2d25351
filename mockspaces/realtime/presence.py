"""Presence: what clients tell each other about who is there; the server relays, and answers only refusals."""

from typing import Literal

from msgspec import UNSET

from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.store.entities import AnonymousUser, Person
from mockspaces.cloud.store.run import Connection
from mockspaces.contract import errors, events
from mockspaces.contract.shapes import events as shapes
from mockspaces.contract.shapes.service import Nothing
from mockspaces.realtime import payloads
from mockspaces.realtime.handling import Handlers, Handling, category, given, objects, receivers, topic
from mockspaces.realtime.hub import Hub, Payload, Session
from mockspaces.realtime.messages import require_subscription


async def invalid_session(session: Session, payload: Payload, rejection: Rejection) -> None:
    """Answer a party that is not subscribed; who only says that they leave gets no answer (RT-PRES-07)."""
    if rejection.code != errors.SUBSCRIPTION_REQUIRED or payload["category"] == events.PARTY_LEAVES:
        return
    sender = payloads.sender_with_phones(session.origins, session.caller.person)
    answer = shapes.PresenceRefused(topic_id=topic(payload), sender=sender, content=Nothing())
    await session.tell(events.PRESENCE_EVENT_RESPONSE, answer)


async def relay(session: Session, payload: Payload) -> None:
    """Relay a presence event to all subscribers, or to its receivers and its sender (RT-PRES-02..06)."""
    kind, space_id = category(payload), topic(payload)
    if kind == events.PARTY_LEAVES:
        space_id = _left(session, space_id)
    else:
        require_subscription(session, space_id)
    if kind == events.PARTY_ONLINE:
        session.hub.world.presence.announce(session.id, space_id, online=True)
    elif kind == events.PARTY_LEAVES:
        session.hub.world.presence.announce(session.id, space_id, online=False)
    audience = _audience(session, space_id, payload)
    await _tell(session.hub, audience, session.id, session.caller.person, kind, space_id, payload)


def _left(session: Session, space_id: str) -> str:
    """Return the space that somebody leaves, which they may have unsubscribed from already (RT-PRES-07).

    Without a space it is that one. Refuses one in which they have not announced themselves.
    """
    connection = session.connection
    left = space_id or (connection.unsubscribed if connection else "")
    if connection is None or left not in connection.announced:
        require_subscription(session, left)
    return left


def _audience(session: Session, space_id: str, payload: Payload) -> list[Connection]:
    """Return all subscribers, or those whom the receivers name, even if that is nobody, and the sender (RT-PRES-05)."""
    subscribers = session.hub.in_space(space_id)
    if not payload.get("receivers"):
        return subscribers
    wanted = receivers(payload)
    return [one for one in subscribers if one.id == session.id or one.person_id in wanted]


async def _tell(
    hub: Hub,
    audience: list[Connection],
    session_id: str,
    person: Person,
    kind: str,
    space_id: str,
    payload: Payload,
) -> None:
    loopback = given(payload, "loopbackMetadata")
    attendee_type: Literal["userId", "anonymousId"] = "anonymousId" if isinstance(person, AnonymousUser) else "userId"
    party = shapes.Party(attendee_type=attendee_type, attendee=person.id)
    known = shapes.PresenceContent(session_id=session_id, attendee=party)
    told = {**payloads.others(objects(payload.get("content")), known), **payloads.as_plain(hub.world, known)}

    async def render(recipient: Connection) -> shapes.PresenceEvent:
        shown = shapes.PresenceEvent(
            category=kind,
            topic_id=space_id,
            sender=payloads.sender_with_phones(payloads.origins(recipient), person),
            content=told,
            receivers=payload.get("receivers") or [],
            version=given(payload, "version"),
        )
        if variant(recipient):
            shown.loopback_metadata = loopback
        return shown

    def variant(recipient: Connection) -> bool:
        return loopback is not UNSET and recipient.id == session_id

    await hub.announce(audience, events.PRESENCE_EVENT_RESPONSE, render, variant)


async def say_farewell(hub: Hub, gone: Connection, person: Person) -> None:
    """Say for a connection that presence does not have any more that it left where it was online (RT-PRES-09)."""
    for space_id in sorted(set(gone.announced).intersection(gone.spaces)):
        payload = {"content": {"offline": True}}
        await _tell(hub, hub.in_space(space_id), gone.id, person, events.PARTY_LEAVES, space_id, payload)


HANDLERS: Handlers = {
    events.SEND_PRESENCE_EVENT: Handling(relay, invalid_session),
}
