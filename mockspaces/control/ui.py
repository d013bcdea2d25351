"""One live page for people: what the world was asked, what it refused and why, and what is in it."""

import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import HTMLResponse

from mockspaces.asgi.exchange import add_headers
from mockspaces.asgi.handlers import Handler
from mockspaces.asgi.pages import templates
from mockspaces.cloud.identity import apps
from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.journal import Criteria
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.people import people
from mockspaces.cloud.store.run import Action
from mockspaces.control.call import ControlCall, Handlers
from mockspaces.control.clock import shown_clock
from mockspaces.control.queries import plain

LIST_ROWS = 100
MOST_TEXT = 2000  # characters of a message that are shown; somebody may write five million
MESSAGE_ROWS = 20


async def page(call: ControlCall) -> object:
    """Render the page; its script is told what happens, and fetches the page anew when the world has changed.

    Without the control token, where there is one, the page is empty and asks for it (CTRL-04).
    """
    nonce = secrets.token_urlsafe(16)
    template = templates("mockspaces.control").get_template("shell.html" if call.shell else "ui.html")
    html = template.render(nonce=nonce, **({} if call.shell else await _data(call)))
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; connect-src 'self'"
    headers = ((b"content-security-policy", policy.encode()), (b"x-frame-options", b"DENY"))
    return add_headers(HTMLResponse(html), headers)


async def _data(call: ControlCall) -> dict[str, Any]:
    """Return what the page shows of a world."""
    world = call.world
    users = [user for user in await world.state.users.all() if not user.is_service_account][:LIST_ROWS]
    companies = {company.id: company.name for company in await world.state.companies.all()}
    return {
        "world": world,
        "origins": call.exchange.origins,
        "clock": shown_clock(world),
        "journal": world.journal.find(Criteria(), LIST_ROWS)[::-1],
        "worlds": [hosted.world.name for hosted in call.worlds],
        "people": [{"user": user, "company": companies.get(user.company_id or "", "")} for user in users],
        "apps": await _apps(world),
        "clients": (await world.state.clients.all())[:LIST_ROWS],
        "spaces": await _spaces(world),
        "sockets": await _sockets(world),
        "misbehaviours": world.misbehaviours.all(),
        "faults": [_fault(fault.action) | {"id": fault.id, "fired": fault.fired} for fault in world.faults.all()],
    }


def _fault(action: Action) -> dict[str, Any]:
    wanted = {name: value for name, value in msgspec.to_builtins(action).items() if value}
    return {"action": ", ".join(f"{name} {value}" for name, value in wanted.items())}


async def _sockets(world: World) -> Sequence[dict[str, Any]]:
    """Return who is connected, and the titles of the spaces they subscribed to."""
    found = []
    for connection in world.presence.all()[:LIST_ROWS]:
        person = await people.get_person(world, connection.person_id)
        spaces = [await world.state.spaces.get(space_id) for space_id in connection.spaces]
        titles = [space.title for space in spaces if space]
        found.append({"id": connection.id, "person": person, "person_id": connection.person_id, "titles": titles})
    return found


async def _apps(world: World) -> Sequence[dict[str, Any]]:
    found = []
    for app in (await world.state.apps.all())[:LIST_ROWS]:
        keys = await world.state.app_keys.page("app", app.id)
        account = await apps.account_of(world, app)
        found.append({"app": app, "keys": [key.id for key in keys], "account_enabled": account.enabled})
    return found


async def _spaces(world: World) -> Sequence[dict[str, Any]]:
    """Return the group and direct spaces with their last messages; personal rooms only with messages."""
    found = []
    for space in reversed(await world.state.spaces.all()):
        messages = await world.state.messages.page("space", space.id, limit=MESSAGE_ROWS, descending=True)
        if space.type == "personal" and not messages:
            continue
        members = await world.state.members.count("space", space.id)
        shown = [
            {"clock": iso(one.created)[11:19], "message": one, "text": plain(world, one.text[:MOST_TEXT])}
            for one in messages
        ]
        found.append({"space": space, "members": members, "messages": shown})
        if len(found) == LIST_ROWS:
            break
    return found


HANDLERS: Handlers = {
    "CTRL-UI": Handler(page),
    "CTRL-UI-ENTRY": Handler(page),
}
