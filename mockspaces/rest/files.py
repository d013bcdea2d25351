"""Upload, download and viewer URLs (FILES-*)."""

import re
from typing import Annotated

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.messaging import files
from mockspaces.cloud.messaging.files import Wanted
from mockspaces.cloud.spaces import access
from mockspaces.cloud.store.entities import StoredFile
from mockspaces.contract import errors
from mockspaces.contract.shapes.files import FileUrl, ViewUrl
from mockspaces.contract.shapes.lists import Data
from mockspaces.rest.call import Call, Handlers

# RFC 9110, 8.3.1: what may stand in a header again when the file is read
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127}(?:\s*;[ -~]{0,200})?", re.ASCII)


class FileBody(msgspec.Struct, frozen=True):
    """One file to come, with the literal names of two headers (FILES-UP-01)."""

    type: str = msgspec.field(name="Content-Type")
    size: int = msgspec.field(name="Content-Length")


class UploadBody(msgspec.Struct, frozen=True, rename="camel"):
    """The body of POST /files/getuploadurl."""

    files: Annotated[list[FileBody], msgspec.Meta(min_length=1)]
    topic_id: str | None = None


class DownloadBody(msgspec.Struct, frozen=True, rename="camel"):
    """The body of POST /files/getdownloadurl (FILES-DOWN-01)."""

    file_keys: Annotated[list[str], msgspec.Meta(min_length=1)]


def _pairs(made: list[tuple[str, str]]) -> Data[FileUrl]:
    return Data([FileUrl(url=url, file_key=key) for url, key in made])


async def upload_urls(call: Call) -> object:
    """Return a signed URL and a file key for each file to come (FILES-UP-01..05)."""
    # Step 6c: the caller's company may forbid attachments (FILES-UP-05).
    company_id = call.caller.company_id
    company = await call.world.state.companies.get(company_id) if company_id else None
    if company and company.deny_attachments:
        raise Rejection(errors.PERMISSION_DENIED, f'the policy of company "{company.name}" denies attachments')
    body = await call.decode(UploadBody)
    if len(body.files) > call.world.contract.limits.files_per_call:
        raise invalid("files", f"at most {call.world.contract.limits.files_per_call}")
    for number, one in enumerate(body.files):
        member = f"files[{number}]"
        if not _MEDIA_TYPE.fullmatch(one.type):
            raise invalid(f"{member}.Content-Type", "expected a media type")
        files.check_size(call.world, f"{member}.Content-Length", one.size)
    if body.topic_id:
        space = await access.find_space(call.world, body.topic_id)
        access.check_stranger(await access.standing(call.world, call.caller, space), admits=False)
    wanted = [Wanted(one.type, one.size) for one in body.files]
    return _pairs(await files.announce_uploads(call.world, call.origins, wanted))


async def download_urls(call: Call) -> object:
    """Return a signed URL for each file; knowing the key is enough (FILES-DOWN-01..04)."""
    body = await call.decode(DownloadBody)
    if len(body.file_keys) > call.world.contract.limits.download_keys:
        raise invalid("fileKeys", f"at most {call.world.contract.limits.download_keys}")
    found = [await files.find(call.world, key) for key in body.file_keys]
    return _pairs([(files.download_url(call.world, call.origins, file), file.id) for file in found])


async def view_urls(call: Call, file: StoredFile) -> object:
    """Return where a file can be read, to whoever has its viewer token (FILES-VIEW-01)."""
    return Data([ViewUrl(url=files.download_url(call.world, call.origins, file))])


HANDLERS: Handlers = {
    "FILES-UP": Handler(upload_urls, body=UploadBody),
    "FILES-DOWN": Handler(download_urls, body=DownloadBody),
    "FILES-VIEW": Handler(view_urls),
}
