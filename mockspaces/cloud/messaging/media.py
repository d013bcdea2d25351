"""Tokens of the media server, which is not emulated (MEDIA-TOKEN)."""

from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import Space
from mockspaces.contract.shapes.files import MediaToken


def token(world: World, space: Space) -> MediaToken:
    """Return a fresh session for a space (MEDIA-TOKEN-02); nothing is kept (MEDIA-TOKEN-03)."""
    return MediaToken(
        session_id=world.ids.token(), token=world.ids.token(), conf_id=str(space.settings.get("confId", ""))
    )
