"""The journal as a page: what the world was asked, what it refused and why."""

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.journal import Criteria
from mockspaces.control import disclosure
from mockspaces.control.call import ControlCall, Handlers
from mockspaces.control.frame import framed

LIST_ROWS = 100


async def page(call: ControlCall) -> object:
    """Show the journal, or the frame for one of its entries, which the page's script fills."""
    journal = call.world.journal.find(Criteria(), LIST_ROWS)[::-1]
    return framed(call, "ui", "journal.html", {"journal": journal, "hidden": disclosure.text})


HANDLERS: Handlers = {
    "CTRL-UI": Handler(page),
    "CTRL-UI-ENTRY": Handler(page),
}
