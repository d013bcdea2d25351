"""Tokens of the media server, which is not emulated (MEDIA-TOKEN)."""

import msgspec

from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import Space


class MediaToken(msgspec.Struct, frozen=True, rename="camel"):
    """What a client needs before it could send sound and pictures; the token opens nothing."""

    session_id: str
    token: str
    conf_id: str


def token(world: World, space: Space) -> MediaToken:
    """Return a fresh session for a space (MEDIA-TOKEN-02); nothing is kept (MEDIA-TOKEN-03)."""
    return MediaToken(world.ids.uuid(), world.ids.token(), str(space.settings.get("confId", "")))
