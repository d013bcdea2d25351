"""GET /mediasessions/mpaas/token: the way to the media server (MEDIA-TOKEN)."""

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.messaging import media
from mockspaces.cloud.spaces.access import Standing
from mockspaces.rest.call import Call, Handlers


async def token(call: Call, found: Standing) -> object:
    """Return a session, a token and the conference number of a space (MEDIA-TOKEN-01..03)."""
    return media.token(call.world, found.space)


HANDLERS: Handlers = {
    "MEDIA-TOKEN": Handler(token),
}
