"""What a link or a token of a room app stands for (MISC-DISCOVER, MISC-SAT)."""

from urllib.parse import urlsplit

from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.rejection import Rejection, not_found
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.spaces.access import check_pin, standing
from mockspaces.cloud.store.entities import Space, SpaceToken, User
from mockspaces.contract import errors

SAT = "sat"


async def linked_space(world: World, origins: Origins, url: str) -> Space | None:
    """Return the space a link names, or None. The link is only parsed, never opened (REST-OUT-01)."""
    for origin in (origins.web, world.origins.web):
        if url.startswith(f"{origin}/"):
            path = urlsplit(url[len(origin) :]).path
            match path.strip("/").split("/"):
                case ["spaces", "invites", invite_id, "join" | "meet"]:
                    invite = await world.state.invites.get(invite_id)
                    return await world.state.spaces.get(invite.space_id) if invite else None
                case ["spaces", space_id]:
                    return await world.state.spaces.get(space_id)
            return None
    return None


async def may_open(world: World, caller: Caller, space: Space, pin: str | None) -> bool:
    """Whether the caller needs no PIN, or sent the right one (MISC-DISCOVER-03)."""
    try:
        check_pin(world, caller, await standing(world, caller, space), pin)
    except Rejection:
        return False
    return True


async def known_app(world: World, app_id: str) -> bool:
    """Whether an id is that of an active OAuth client or service app (MISC-DISCOVER-01)."""
    client = await world.state.clients.get(app_id)
    app = await world.state.apps.get(app_id)
    return bool((client and client.active) or (app and app.active))


async def space_token(world: World, kind: str, token: str) -> SpaceToken:
    """Return a space access token. Refuses other kinds, unknown and expired ones alike (MISC-SAT-02)."""
    found = await world.state.space_tokens.get(token) if kind == SAT else None
    if found is None or found.expires <= world.clock.now_ms():
        raise not_found(errors.TOKEN_NOT_FOUND, "valid space access token", token)
    return found


async def issue_space_token(
    world: World, authorizer: User, space: Space, app_id: str, expires_in: int | None = None
) -> SpaceToken:
    """Issue a token to a room app, as only fixtures do (ACC-SAT-01). ``expires_in`` is in seconds."""
    life = world.contract.limits.space_access_token_s if expires_in is None else expires_in
    return await world.state.space_tokens.put(
        SpaceToken(
            id=world.ids.token()[: world.contract.limits.space_access_token_chars],
            authorizer_id=authorizer.id,
            app={
                "_id": world.ids.object_id(),
                "displayname": "Room app",
                "appId": app_id,
                "appType": "room",
                "role": "guest",
                "targetId": space.id,
                "targetType": "topic",
            },
            scopes=world.contract.sockets.paired_scopes,
            expires=world.clock.now_ms() + life * 1000,
        )
    )
