"""What a pairing of a room app looks like on the wire (RT-PAIR-01)."""

from typing import Any

from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.events import AppPaired
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.spaces import discovery
from mockspaces.contract.web import DEFAULT_PICTURE


def paired(world: World, origins: Origins, event: AppPaired) -> dict[str, Any]:
    """Return what a pairing says to one client: the picture of the app is where that client reaches the world."""
    user, space, token = event.user, event.space, event.token
    return {
        "isPairingAuthorized": True,
        "channel": {"type": world.contract.sockets.paired_channel_type, "_id": space.id, "isPrivate": space.private},
        "authorizer": {"type": "user", "_id": user.id, "display": user.displayname, "username": user.username},
        "pairing_info": {"pairingcode": event.code, "app_id": token.app["appId"], "pairing_time": iso(event.time)},
        "sipInfo": {"sipURI": f"sip:{space.settings.get('confId', '')}@{world.settings.accounts_issuer}"},
        "accessToken": {
            "token": token.id,
            "type": discovery.SAT,
            "scope": list(token.scopes),
            "expires": world.contract.limits.space_access_token_s,
        },
        "app": {
            "_id": token.app["_id"],
            "type": "app",
            "displayname": token.app["displayname"],
            "username": "",
            "role": token.app["role"],
            "picture_url": f"{origins.accounts}{DEFAULT_PICTURE}",
        },
    }
