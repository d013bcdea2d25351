"""Recorded traffic that is handed over to be held against the contract of a world."""

from collections.abc import Sequence

import msgspec

from mockspaces.asgi.bodies import SMALL
from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.complaints import refusal
from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.contract import errors
from mockspaces.contract.shapes.base import Json
from mockspaces.control.call import ControlCall, Handlers
from mockspaces.control.frame import check_query

ENCODINGS = ("identity", "gzip")


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """The log of an archive; what else it has does not matter here."""

    entries: Sequence[Json]


class Recording(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An HTTP archive (HAR 1.2), as it is or packed by gzip."""

    log: Log


async def check(call: ControlCall) -> object:
    """Hold an HTTP archive (HAR) of the service against the contract of this world, and return what differs."""
    check_query(call, "hosts")
    encoding = (call.exchange.header(b"content-encoding") or "identity").lower()
    if encoding not in ENCODINGS:
        raise invalid("body", f"Content-Encoding {encoding[:80]} is not understood, only {' and '.join(ENCODINGS)}")
    body = await call.exchange.body()
    hosts = [part for name, value in call.exchange.pairs if name == "hosts" for part in value.split(",")]
    try:
        return await call.check(body, call.world.contract, hosts)
    except Rejection as rejection:
        if rejection.code == errors.REQUEST_INVALID and len(body) <= SMALL:
            _name_mistake(body)
        raise


def _name_mistake(body: bytes) -> None:
    """Refuse what was written by hand by its first member that is wrong, as other calls do."""
    try:
        msgspec.json.decode(body, type=Recording)
    except msgspec.ValidationError as error:
        raise refusal(str(error), Recording) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # no JSON, of which the reader of archives has told more


HANDLERS: Handlers = {
    "CTRL-CHECK": Handler(check, body=Recording),
}
