"""Calls over the user channel: an offer and what is answered to it (RT-CALL-01..04)."""

from msgspec.structs import replace

from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import directs
from mockspaces.cloud.store.entities import Person
from mockspaces.cloud.store.run import Connection, PhoneCall
from mockspaces.contract import errors, events
from mockspaces.contract.shapes import events as shapes
from mockspaces.contract.shapes.messages import Sender
from mockspaces.realtime import payloads
from mockspaces.realtime.handling import given, receivers, text, topic
from mockspaces.realtime.hub import Payload, Session

MAX_CALLS = 10_000


async def relay(session: Session, payload: Payload, kind: str) -> None:
    """Relay an offer or an answer; other words of calls are the server's own and count for nothing."""
    if kind == events.CALL_OFFER:
        # Offer a call to every receiver who can be reached; the caller learns who cannot (RT-CALL-02).
        hub = session.hub
        wanted = receivers(payload)
        most = hub.world.contract.limits.call_receivers
        if not 1 <= len(wanted) <= most:
            raise invalid("receivers", f"expected 1 to {most}")
        call_id = hub.world.ids.uuid()
        reached = [one for one in wanted if hub.of_person(one) and await _may_call(session, one)]
        if reached:
            # Keep who takes part in a call; the oldest one goes when there are too many.
            call = PhoneCall(id=call_id, parties=(session.caller.id, *reached))
            calls = hub.world.state.calls
            if len(calls) >= MAX_CALLS:
                await calls.delete(calls.every()[0].id)
            await calls.put(call)
            await _tell(session, payload, events.CALL_OFFER, call_id, reached)
            await _report(session, payload, events.CALL_OFFER_SENT, call_id, reached)
        for one in wanted:
            if one not in reached:
                await _report(session, payload, events.CALL_OFFER_FAILED, call_id, [one])
    elif kind in events.CALL_ANSWERS:
        await _answer(session, payload, kind)
    else:
        raise invalid("category", f'"{kind}" is no category of a client')


async def _may_call(session: Session, person_id: str) -> bool:
    """Whether two people are related as for a direct space (RT-CALL-04)."""
    world = session.hub.world
    person = await people.get_person(world, person_id)
    if person is None:
        return False
    try:
        await directs.check_related(world, session.caller, person)
    except Rejection:
        return False
    return True


async def _answer(session: Session, payload: Payload, kind: str) -> None:
    """Relay an answer to all parties, its speaker included; only a party's word counts (RT-CALL-03, -04)."""
    call_id = text(payload.get("spaceCallId"))
    calls = session.hub.world.state.calls
    call = await calls.get(call_id)
    if call is None or session.caller.id not in call.parties:
        raise Rejection(errors.PERMISSION_DENIED, f'the caller is no party of the call "{call_id}"')
    if kind in (events.CALL_ENDED, events.CALL_CANCELLED):
        await calls.delete(call_id)
    await _tell(session, payload, kind, call_id, sorted({*call.parties}))


def _shown(
    session: Session, payload: Payload, kind: str, call_id: str, sender: Sender | shapes.CallServer
) -> shapes.CallEvent:
    world = session.hub.world
    return shapes.CallEvent(
        id=world.ids.object_id(),
        message_id=text(payload.get("meetingId")),
        topic_id=topic(payload),
        category=kind,
        sender=sender,
        created=iso(world.clock.now_ms()),
        space_call_id=call_id,
        content=payload.get("content") or {},
        receivers=given(payload, "receivers"),
        meeting_id=given(payload, "meetingId"),
        version=given(payload, "version"),
    )


async def _tell(session: Session, payload: Payload, kind: str, call_id: str, people_ids: list[str]) -> None:
    person: Person = session.caller.person
    shown = _shown(session, payload, kind, call_id, payloads.sender(session.origins, person))

    async def render(recipient: Connection) -> shapes.CallEvent:
        return replace(shown, sender=payloads.sender(payloads.origins(recipient), person))

    connections = [one for person_id in people_ids for one in session.hub.of_person(person_id)]
    await session.hub.announce(connections, events.MEDIA_SESSION_RESPONSE, render, lambda _one: None)


async def _report(session: Session, payload: Payload, kind: str, call_id: str, people_ids: list[str]) -> None:
    """Tell the caller's sockets what became of their offer."""
    server = shapes.CallServer(id=topic(payload), type=session.hub.world.contract.spaces.server)
    shown = _shown(session, payload, kind, call_id, server)
    shown.receivers = [shapes.Named(id=one) for one in people_ids]
    await session.hub.tell(session.hub.of_person(session.caller.id), events.MEDIA_SESSION_RESPONSE, shown)
