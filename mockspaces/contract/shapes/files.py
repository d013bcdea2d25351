"""Where files are put and found, and the way to the media server (FILES-*, MSG-VIEWER-01, MEDIA-TOKEN-02)."""

from __future__ import annotations

from typing import Annotated, Any

from mockspaces.contract.shapes.base import A, C, Shape, Url, Uuid
from mockspaces.contract.shapes.lists import Data


class FileUrl(Shape, kw_only=True):
    """A signed URL of a file, and the key by which messages name it."""

    url: Annotated[Url, C("FILES-UP-02, FILES-DOWN-02")]
    file_key: Annotated[Uuid, C("FILES-UP-02, FILES-DOWN-02")]


class ViewUrl(Shape, kw_only=True):
    """Where a file can be looked at."""

    url: Annotated[Url, A("MSG-VIEWER-01, FILES-VIEW-01")]


class MediaToken(Shape, kw_only=True):
    """What a client needs before it could send sound and pictures."""

    session_id: Annotated[str, C("MEDIA-TOKEN-02")]
    token: Annotated[str, C("MEDIA-TOKEN-02")]
    conf_id: Annotated[str, C("MEDIA-TOKEN-02")]


ANSWERS: dict[str, Any] = {
    "file URLs": Data[FileUrl],
    "view URLs": Data[ViewUrl],
    "media token": MediaToken,
}
