"""Fault plans: faults are planned, shown with how often they happened, and dropped."""

import re
from typing import Annotated

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.rejection import invalid, not_found
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.run import OAUTH, SOCKET, Action, Fault, Match, Spread, Strict
from mockspaces.contract import errors, nearest
from mockspaces.contract.events import CLIENT_EVENTS, CONNECT_EVENT, SERVER_EVENTS
from mockspaces.contract.shapes.control import FaultAction, FaultMatch, PlannedFault
from mockspaces.contract.shapes.lists import Data
from mockspaces.control import vocabulary
from mockspaces.control.call import ControlCall, Handlers

WITHOUT_BODY = (204, 304)  # RFC 9110, 15.3.5 and 15.4.5
FRAMING = ("content-length", "transfer-encoding", "connection")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class RouteMatch(Match, frozen=True, kw_only=True):
    """A match that may name its endpoint by ``route``: ``POST /spaces/{spaceId}/chats``, with or without ``/api``."""

    route: str | None = None


class FaultBody(Strict, frozen=True, kw_only=True):
    """A fault to plan; without ``times`` it happens every time, with ``probability`` by chance."""

    match: RouteMatch = RouteMatch()
    action: Action
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0


def shown(fault: Fault) -> PlannedFault:
    """Return a fault; absent criteria are left out."""
    match = {name: value for name, value in msgspec.to_builtins(fault.match).items() if value is not None}
    action = {name: value for name, value in msgspec.to_builtins(fault.action).items() if value not in (None, 0, {})}
    return PlannedFault(
        id=fault.id,
        match=FaultMatch(**match),
        action=FaultAction(**action),
        times=fault.times,
        probability=fault.probability,
        fired=fault.fired,
    )


async def list_faults(call: ControlCall) -> object:
    """Return the plan; ``fired`` proves that a fault happened."""
    return Data(data=[shown(fault) for fault in call.world.faults.all()])


async def plan(call: ControlCall) -> object:
    """Plan a fault."""
    body = await call.decode(FaultBody)
    wanted = [body.action.reject, body.action.status, body.action.transport, body.action.frame]
    if sum(one is not None for one in wanted) != 1 and not (body.action.delay and not any(wanted)):
        raise invalid("action", 'expected one of "reject", "status", "transport", "frame", or only "delay"')
    if isinstance(body.action.delay, Spread) and body.action.delay.p99 < body.action.delay.median:
        raise invalid("action.delay.p99", "expected no less than the median")
    if body.action.status is None and (body.action.body is not None or body.action.headers):
        raise invalid("action", '"body" and "headers" belong to an answer with "status"')
    if body.action.status in WITHOUT_BODY and body.action.body is not None:
        raise invalid("action.body", f"an answer {body.action.status} has none")
    for name, value in body.action.headers.items():
        # Refuse what HTTP cannot carry (RFC 9110, 5.6.2 and 5.5), and the length, which the server writes
        # itself.
        where = f"action.headers.{name}"
        if not _HEADER_NAME.fullmatch(name):
            raise invalid(where, "is no name of a header")
        if not _HEADER_VALUE.fullmatch(value):
            raise invalid(where, "expected printable Latin-1 characters")
        if name.lower() in FRAMING:
            raise invalid(where, 'is written by the server; an answer is cut by "transport": "truncate"')
    if body.action.reject is not None and body.action.reject not in call.world.contract.errors:
        raise invalid(
            "action.reject",
            f'no refusal "{body.action.reject}"{nearest(body.action.reject, [*call.world.contract.errors])}',
        )
    match = _match(call.world, body.match)
    _check_together(call.world, match, body.action)
    fault = Fault(
        id=call.world.ids.label(8), match=match, action=body.action, times=body.times, probability=body.probability
    )
    return shown(call.world.faults.plan(fault))


def _match(world: World, match: RouteMatch) -> Match:
    endpoints = world.contract.endpoints
    method = match.method.upper() if match.method else None
    most = world.contract.limits.pattern_chars
    for name, pattern in (("path", match.path), ("caller", match.caller)):
        if pattern is not None and len(pattern) > most:
            raise invalid(f"match.{name}", f"at most {most} characters")
    vocabulary.check("match.surface", "surface", match.surface, vocabulary.SURFACES)
    vocabulary.check("match.method", "method", method, vocabulary.METHODS)
    vocabulary.check("match.event", "socket event", match.event, (*CLIENT_EVENTS, *SERVER_EVENTS, CONNECT_EVENT))
    vocabulary.check("match.endpoint", "endpoint", match.endpoint, endpoints)
    if match.route and match.endpoint:
        raise invalid("match", 'expected "route" or "endpoint", not both')
    endpoint = match.endpoint
    if match.route:
        endpoint = vocabulary.endpoint_of(endpoints.values(), match.route, "match.route")
    return Match(
        surface=match.surface,
        endpoint=endpoint,
        method=method,
        path=match.path,
        event=match.event,
        caller=match.caller,
    )


def _check_together(world: World, match: Match, action: Action) -> None:
    """Refuse a plan that could never happen, since no occurrence is both what it describes and its victim."""
    of_request = any((match.method, match.path, match.endpoint)) or match.surface not in (None, SOCKET)
    of_socket = match.event is not None or match.surface == SOCKET
    if of_request and of_socket:
        raise invalid("match", "describes a request and a socket event at once")
    if action.frame is not None and of_request:
        raise invalid("action.frame", "happens to socket events, the match describes a request")
    if (action.status is not None or action.transport is not None) and of_socket:
        raise invalid("action", '"status" and "transport" happen to requests, the match describes a socket event')
    if action.reject is not None and match.event in SERVER_EVENTS:
        raise invalid("action.reject", f"{match.event} is what the cloud says; only what a client asks can be refused")
    if action.frame is not None and match.event == CONNECT_EVENT:
        raise invalid("action.frame", "happens to events of a socket that is connected; reject the connect instead")
    surface = world.contract.endpoints[match.endpoint].surface if match.endpoint else match.surface
    if action.reject is not None and surface is not None and not action.possible(surface):
        own = [code for code in world.contract.errors if code.startswith(OAUTH) != action.reject.startswith(OAUTH)]
        hint = nearest(action.reject.removeprefix(OAUTH), own)
        raise invalid("action.reject", f'"{action.reject}" is no refusal of the surface "{surface}"{hint}')


async def drop(call: ControlCall) -> object:
    """Take a fault out of the plan and return it, with how often it happened."""
    fault = call.world.faults.drop(call.params["id"])
    if fault is None:
        raise not_found(errors.FAULT_NOT_FOUND, "fault", call.params["id"])
    return shown(fault)


async def clear(call: ControlCall) -> object:
    """Forget the plan."""
    call.world.faults.clear()
    return {}


HANDLERS: Handlers = {
    "CTRL-FAULTS": Handler(list_faults),
    "CTRL-FAULT": Handler(plan, body=FaultBody),
    "CTRL-FAULT-DROP": Handler(drop),
    "CTRL-FAULTS-CLEAR": Handler(clear),
}
