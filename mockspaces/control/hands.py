"""What people do to a world by hand: forms, each of which shows the control call that it makes."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.misbehaviour import ROWS
from mockspaces.cloud.store.run import Action, Match
from mockspaces.cloud.worlds.seeds import BUNDLED
from mockspaces.contract.events import CLIENT_EVENTS, CONNECT_EVENT, SERVER_EVENTS
from mockspaces.control import vocabulary
from mockspaces.control.call import ControlCall, Handlers
from mockspaces.control.frame import check_query, framed

OFFERED = 200  # people, or apps, that a field offers; others can be typed


async def show(call: ControlCall) -> object:
    """Show the forms, and what is planned to go wrong with how often it happened."""
    check_query(call)
    world, contract = call.world, call.world.contract
    people = [user.username for user in world.state.users.latest(OFFERED) if not user.is_service_account]
    values = {
        "people": sorted(people),
        "apps": [{"id": app.id, "name": app.name} for app in world.state.apps.latest(OFFERED)],
        "surfaces": vocabulary.SURFACES,
        "methods": vocabulary.METHODS,
        "endpoints": [row.id for row in contract.endpoints.values() if row.surface != "control"],
        "events": sorted({*CLIENT_EVENTS, *SERVER_EVENTS, CONNECT_EVENT}),
        "codes": list(contract.errors),
        "settings": msgspec.to_builtins(world.settings),
        "known": {row.name: row.does for row in ROWS},
        "misbehaviours": world.misbehaviours.all(),
        "faults": [_fault(fault.match, fault.action, fault) for fault in world.faults.all()],
        "seeds": BUNDLED,
        "hosted": [one.world.name for one in call.worlds][:OFFERED],
        "encoded": lambda value: msgspec.json.encode(value).decode(),
    }
    return framed(call, "ui/hands", "hands.html", values)


def _fault(match: Match, action: Action, fault: Any) -> Mapping[str, Any]:
    return {
        "id": fault.id,
        "match": _words(match) or ["everything"],
        "action": _words(action),
        "fired": fault.fired,
        "times": fault.times,
    }


def _words(of: Match | Action) -> Sequence[str]:
    said = msgspec.to_builtins(of)
    return [f"{name} {value}" for name, value in said.items() if value not in (None, 0, {})]


HANDLERS: Handlers = {
    "CTRL-UI-HANDS": Handler(show),
}
