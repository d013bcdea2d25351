"""An exchange of the journal once more: the same request, with the credential that it had, sent to the same world."""

import asyncio
from contextvars import copy_context
from urllib.parse import unquote_to_bytes

from starlette.types import Message

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.journal import TRACE, Criteria, Entry, unpacked
from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.store.run import SOCKET
from mockspaces.cloud.worlds import seeds
from mockspaces.contract import errors
from mockspaces.contract.shapes.control import RepeatedExchange
from mockspaces.control.call import ControlCall, Handlers
from mockspaces.control.journal import known_entry


async def repeat(call: ControlCall) -> object:
    """Send the request of an entry once more, as it was, and return what came of it; the journal tells the rest."""
    await call.decode(seeds.Strict)
    entry = known_entry(call.world, call.params["id"])
    if entry.surface == SOCKET or not entry.version:
        raise invalid("id", "is no HTTP request that can be sent once more")
    if entry.request_bytes > len(entry.request):
        raise Rejection(errors.REQUEST_INVALID, f"only the beginning of its {entry.request_bytes} bytes is kept")
    journal, sending = call.world.journal, Sending(call, entry)
    before, context = journal.last_id, copy_context()  # it belongs to another trace
    await asyncio.create_task(sending.carry_out(), context=context)
    await journal.catch_up()
    made = journal.find(Criteria(trace=context.get(TRACE, 0), after=before))
    told = next((one.id for one in made if one.target == entry.target and one.method == entry.method), None)
    return RepeatedExchange(status=sending.status, entry=told)


class Sending:
    """A request that comes from the journal, not from a connection; so nothing can be done to its connection."""

    def __init__(self, call: ControlCall, entry: Entry) -> None:
        """Prepare the request of an entry."""
        self._call = call
        self._entry = entry
        self._body = [entry.request]
        self.status = 0

    async def carry_out(self) -> None:
        """Send it to the application, and wait for the end of the answer."""
        entry, scope = self._entry, self._call.exchange.scope
        path, _, query = entry.target.partition(b"?")
        asked = {
            "type": "http",
            "asgi": scope["asgi"],
            "http_version": entry.version,
            "scheme": scope["scheme"],
            "server": ("127.0.0.1", self._call.hosted.port or 0),  # by which a path without prefix finds its world
            "client": None,
            "method": entry.method,
            "path": unquote_to_bytes(path).decode("utf-8", "surrogateescape"),
            "raw_path": path,
            "query_string": query,
            "headers": unpacked(entry.head),
        }
        await self._call.serve(asked, self._receive, self._send)

    async def _receive(self) -> Message:
        if self._body:
            return {"type": "http.request", "body": self._body.pop(), "more_body": False}
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]


HANDLERS: Handlers = {
    "CTRL-JOURNAL-REPEAT": Handler(repeat, body=seeds.Strict),
}
