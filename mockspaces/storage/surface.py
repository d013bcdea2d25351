"""The storage as a surface: bytes behind signed URLs (STO-*). Its refusals are XML."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from html import escape

from starlette.responses import Response

from mockspaces.asgi.cors import CORS, preflight
from mockspaces.asgi.exchange import Exchange, add_headers
from mockspaces.asgi.routing import MethodNotAllowed, Router
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging import files
from mockspaces.cloud.store.entities import StoredFile
from mockspaces.cloud.store.run import Reservation
from mockspaces.cloud.worlds.worlds import Worlds
from mockspaces.contract import endpoints, errors
from mockspaces.contract.rest import Rest

PUT, GET = "STO-PUT", "STO-GET"
AGAIN_S = 0.5  # so long after it could not be stored that a place is free it is tried again
_RANGE = re.compile(r"bytes=(?P<first>\d{0,15})-(?P<last>\d{0,15})", re.ASCII)


class StorageSurface:
    """Everything below ``/storage``."""

    name = "storage"

    def __init__(self, worlds: Worlds) -> None:
        """Build the route table. ``worlds`` tell which process this is."""
        self._worlds = worlds
        self._releasing: set[asyncio.Task[None]] = set()
        self._router = Router(row for row in endpoints.ROWS if row.surface == self.name)

    async def answer(self, exchange: Exchange) -> Response:
        """Take a file in or give it out, or raise `Rejection`."""
        if exchange.method == "OPTIONS":
            return add_headers(preflight(exchange), _guard(exchange))
        exchange.endpoint, params = self._router.find(exchange.method, exchange.path)
        carry_out = self._take if exchange.endpoint == PUT else _give
        return add_headers(await carry_out(exchange, params["key"]), (*CORS, *_guard(exchange)))

    async def _take(self, exchange: Exchange, key: str) -> Response:
        """Store exactly what was declared (STO-PUT-01..05).

        An upload is two transactions: its room is reserved, its bytes come, they are stored. The reservation ends
        when the client leaves.
        """
        world, media_type = exchange.world, exchange.header(b"content-type") or ""
        reserved: list[Reservation] = []

        async def reserve() -> Response | StoredFile:
            if planned := exchange.meet_fault(self.name):
                return planned
            file = await files.announced(world, key)
            _check_signature(exchange, "PUT", file)
            reserved.append(await files.reserve(world, file, media_type, self._worlds.worker))
            return file

        async def store() -> StoredFile:
            return await files.receive(world, key, media_type, data, reserved[-1])

        try:
            begun = await world.transactions.carry_out(reserve, exchange.begin_again)
            if isinstance(begun, Response):
                return begun
            data = await _read(exchange, begun)
            await world.transactions.carry_out(store)
        except BaseException:  # refused, broken, or left by its client, be it while it waits for its turn
            if reserved:
                await self._release(world, reserved)
            raise
        return Response(b"", 200)

    async def _release(self, world: World, reserved: Sequence[Reservation]) -> None:
        """Let go of what was reserved; if that cannot be stored for now, nobody waits for it to be possible again."""

        async def release() -> None:
            for one in reserved:
                await files.release(world, one)

        async def released() -> None:
            while True:
                try:
                    return await world.transactions.carry_out(release)
                except Rejection as refused:
                    if refused.code != errors.NOT_STORED:  # the world was dropped meanwhile
                        return None
                await asyncio.sleep(AGAIN_S)

        task = asyncio.create_task(released())
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)
        await asyncio.wait([task], timeout=AGAIN_S)

    def refuse(self, exchange: Exchange, rejection: Rejection) -> Response:
        """Render a refusal as ``<Error><Code>..</Code></Error>`` (STO-PUT-03)."""
        row = exchange.world.contract.errors[rejection.code]
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{escape(row.code)}</Code></Error>'
        response = Response(body, row.status, media_type="application/xml")
        if isinstance(rejection, MethodNotAllowed):
            response.headers["allow"] = rejection.allow
        if rejection.code == errors.STORAGE_RANGE:
            response.headers["content-range"] = f"bytes */{rejection.detail}"
        return add_headers(response, (*CORS, *_guard(exchange)))


def _guard(exchange: Exchange) -> Iterator[tuple[bytes, bytes]]:
    """Yield the headers that keep an uploaded page from running on this origin (STO-GET-02)."""
    for name, value in exchange.world.contract.rest.guard.items():
        yield name.encode(), value.encode()


def _check_signature(exchange: Exchange, method: str, file: StoredFile) -> None:
    query = exchange.query
    files.check_signature(exchange.world, method, file, query.get("expires", ""), query.get("signature", ""))


async def _read(exchange: Exchange, file: StoredFile) -> bytes:
    """Return the body; one that is announced or turns out to be longer than declared is not read to its end."""
    try:
        return await exchange.body(limit=file.size)
    except Rejection as rejection:
        if rejection.code != errors.REQUEST_TOO_LARGE:
            raise
        raise Rejection(errors.STORAGE_MISMATCH, f"more than the declared {file.size} bytes come") from None


async def _give(exchange: Exchange, key: str) -> Response:
    """Return the stored bytes, or the part that was asked for (STO-GET-01, -02)."""
    world = exchange.world

    async def look_up() -> Response | tuple[StoredFile, bytes]:
        if planned := exchange.meet_fault(StorageSurface.name):
            return planned
        await files.announced(world, key)
        file = await files.find(world, key)
        _check_signature(exchange, "GET", file)
        return file, await files.content(world, file)

    found = await exchange.world.transactions.carry_out(look_up, exchange.begin_again)
    if isinstance(found, Response):
        return found
    file, data = found
    part = _part(exchange.header(b"range"), len(data))
    response = Response(data if part is None else data[part[0] : part[1] + 1], 200 if part is None else 206)
    response.headers["content-type"] = file.type
    response.headers["accept-ranges"] = "bytes"
    if part is not None:
        response.headers["content-range"] = f"bytes {part[0]}-{part[1]}/{len(data)}"
    if not harmless(world.contract.rest, file.type):
        response.headers["content-disposition"] = "attachment"
    return response


def harmless(facts: Rest, media_type: str) -> bool:
    """Whether a browser may show a type in place."""
    essence = media_type.partition(";")[0].strip().lower()
    return essence.startswith(facts.shown_in_place) and essence not in facts.scriptable


def _part(header: str | None, size: int) -> tuple[int, int] | None:
    """Return first and last position of a single range, None for the whole; several ranges count as none."""
    match = _RANGE.fullmatch((header or "").strip())
    if match is None or not (match["first"] or match["last"]):
        return None
    if match["first"]:
        first, last = int(match["first"]), min(int(match["last"] or size), size - 1)
        if match["last"] and int(match["last"]) < first:
            return None
    else:
        first, last = max(0, size - int(match["last"])), size - 1
    if first > last:
        raise Rejection(errors.STORAGE_RANGE, f"the file has {size} bytes", detail=str(size))
    return first, last
