"""Files: signed URLs and what is stored behind them (FILES-*, STO-*). Nobody ever opens a URL (REST-OUT-01)."""

import hmac
from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from mockspaces.cloud.kernel import jws
from mockspaces.cloud.kernel.rejection import Rejection, invalid, not_found
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.store.entities import Content, StoredFile, replace
from mockspaces.cloud.store.run import Reservation
from mockspaces.contract import errors

HOUR_S = 3600


class Wanted(msgspec.Struct, frozen=True):
    """A file that somebody is about to upload."""

    type: str
    size: int


def _signature(world: World, method: str, file: StoredFile, expires: int) -> str:
    """Sign method, key, type, length and expiry (STO-PUT-04)."""
    text = "\n".join((method, file.id, file.type, str(file.size), str(expires)))
    return jws.encoded(jws.mac(world.secret("storage"), text.encode()))


def signed_url(world: World, origins: Origins, method: str, file: StoredFile, expires: int) -> str:
    """Return a URL of the storage that is good for one method until ``expires`` (seconds)."""
    query = urlencode({"expires": expires, "signature": _signature(world, method, file, expires)})
    return f"{origins.storage}/storage/{file.id}?{query}"


async def path(world: World, origins: Origins, key: str) -> str:
    """Return where a stored file can be read for at least an hour, "" if there is none.

    The expiry is a full hour of the clock, so that an unchanged list keeps its ETag.
    """
    file = await world.state.files.get(key)
    if file is None or not file.stored:
        return ""
    return signed_url(world, origins, "GET", file, (int(world.clock.now()) // HOUR_S + 2) * HOUR_S)


async def announce_uploads(world: World, origins: Origins, wanted: Sequence[Wanted]) -> list[tuple[str, str]]:
    """Return an upload URL and a file key for each file, in order (FILES-UP-02).

    Of too many announced files that nobody uploads the oldest are forgotten.
    """
    limits, now, files = world.contract.limits, world.clock.now_ms(), world.state.files
    expires, made = int(world.clock.now()) + limits.upload_url_s, []
    surplus = await files.count("announced", "all") + len(wanted) - limits.credentials
    for oldest in await files.page("announced", "all", limit=max(0, surplus)):
        await files.delete(oldest.id)
    for one in wanted:
        file = await files.put(StoredFile(id=world.ids.uuid(), type=one.type, size=one.size, announced=now))
        made.append((signed_url(world, origins, "PUT", file, expires), file.id))
    return made


async def find(world: World, key: str) -> StoredFile:
    """Return a stored file. Refuses an unknown one, and one that was never uploaded."""
    file = await world.state.files.get(key)
    if file is None or not file.stored:
        raise not_found(errors.FILE_NOT_FOUND, "file", key)
    return file


def download_url(world: World, origins: Origins, file: StoredFile) -> str:
    """Return a download URL (FILES-DOWN-02)."""
    return signed_url(world, origins, "GET", file, int(world.clock.now()) + world.contract.limits.download_url_s)


async def announced(world: World, key: str) -> StoredFile:
    """Return a file by its key, uploaded or awaited. Refuses every other key (STO-PUT-04)."""
    file = await world.state.files.get(key)
    if file is None:
        raise not_found(errors.FILE_NOT_FOUND, "file", key)
    return file


def check_signature(world: World, method: str, file: StoredFile, expires: str, signature: str) -> None:
    """Refuse a URL that was not made for this method and file, or is past its time (STO-PUT-03)."""
    moment = int(expires) if expires.isascii() and expires.isdecimal() and len(expires) <= 15 else 0  # noqa: PLR2004 - digits of a time
    if not hmac.compare_digest(signature.encode(), _signature(world, method, file, moment).encode()):
        raise Rejection(errors.STORAGE_FORBIDDEN, "the signature of the URL is wrong")
    if moment <= world.clock.now():
        raise Rejection(errors.STORAGE_FORBIDDEN, f"the URL expired {world.clock.now() - moment:g} s ago")


def check_upload(world: World, file: StoredFile, media_type: str) -> None:
    """Refuse a second upload, another type than declared, and what does not fit any more (STO-PUT-01, -04, -05)."""
    if file.stored:
        raise Rejection(errors.STORAGE_FORBIDDEN, "the URL was used already; it is good for one upload")
    if media_type.strip().lower() != file.type.strip().lower():
        raise Rejection(errors.STORAGE_MISMATCH, f'the type is "{media_type}", declared was "{file.type}"')
    held = world.state.stored_bytes.value + sum(one.size for one in world.state.reservations.every())
    if held + file.size > world.settings.files_max_bytes:
        raise Rejection(errors.STORAGE_FULL, f"all files together would exceed {world.settings.files_max_bytes} bytes")


async def reserve(world: World, file: StoredFile, media_type: str, worker: str) -> Reservation:
    """Reserve room for the bytes of an announced file, before they are read (STO-PUT-01..05).

    What is reserved counts as stored, so that many uploads at once hold no more than is allowed. Whoever reserves
    ends it with `release` or `receive`; if the process ``worker`` ends first, so does what it has reserved.
    """
    check_upload(world, file, media_type)
    return await world.state.reservations.put(Reservation(id=world.ids.uuid(), size=file.size, worker=worker))


async def release(world: World, reservation: Reservation) -> None:
    """End a reservation; a second time does nothing."""
    await world.state.reservations.delete(reservation.id)


async def receive(world: World, key: str, media_type: str, data: bytes, reservation: Reservation) -> StoredFile:
    """Store the bytes of an announced file in the room that was reserved for them (STO-PUT-01..05)."""
    await release(world, reservation)
    file = await announced(world, key)
    check_upload(world, file, media_type)
    if len(data) != file.size:
        raise Rejection(errors.STORAGE_MISMATCH, f"{len(data)} bytes came, declared were {file.size}")
    world.state.stored_bytes.put(world.state.stored_bytes.value + file.size)
    await world.state.contents.put(Content(id=file.id, data=data))
    return await world.state.files.put(replace(file, stored=True))


async def content(world: World, file: StoredFile) -> bytes:
    """Return the bytes of a stored file."""
    found = await world.state.contents.get(file.id)
    return found.data if found else b""


def check_size(world: World, member: str, size: int) -> None:
    """Refuse a length that GET /limit does not allow (FILES-UP-03)."""
    if not 0 < size <= world.settings.files_max_bytes:
        raise invalid(member, f"expected a length from 1 to {world.settings.files_max_bytes}")


# --- looking at a file without a credential (MSG-VIEWER-01, FILES-VIEW-01)


def view_token(world: World, file: StoredFile) -> str:
    """Return an opaque token that names a file of this world."""
    return f"{jws.encoded(jws.mac(world.secret('viewer'), file.id.encode()))}.{file.id}"


async def viewed(world: World, token: str) -> StoredFile:
    """Return the file that a token names. Refuses tokens that this world did not make."""
    file = await world.state.files.get(token.rpartition(".")[2])
    if file is None or not hmac.compare_digest(token.encode(), view_token(world, file).encode()):
        raise not_found(errors.TOKEN_NOT_FOUND, "viewer token", token)
    return file
