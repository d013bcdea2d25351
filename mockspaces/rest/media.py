"""GET /mediasessions/mpaas/token: the way to the media server (MEDIA-TOKEN)."""

from mockspaces.cloud.messaging import media
from mockspaces.rest.call import Call, handle


@handle("MEDIA-TOKEN")
async def token(call: Call) -> object:
    """Return a session, a token and the conference number of a space (MEDIA-TOKEN-01..03)."""
    return media.token(call.world, (await call.enter()).space)
