"""Pairing of room apps: the vendor's calls for it are not known, so only tests begin one (RT-PAIR-01)."""

from collections.abc import Mapping
from typing import Any

from mockspaces.cloud import discovery
from mockspaces.cloud.clock import iso
from mockspaces.cloud.entities import Space, User
from mockspaces.cloud.events import AppPaired
from mockspaces.cloud.views import DEFAULT_PICTURE
from mockspaces.cloud.world import Origins, World

CODE_DIGITS = 6


async def authorize(world: World, user: User, space: Space, app_id: str) -> dict[str, Any]:
    """Pair a room app with a user in a space: store its access token and tell his sockets."""
    token = await discovery.issue_space_token(world, user, space, app_id)
    payload = {
        "isPairingAuthorized": True,
        "channel": {"type": "topic", "_id": space.id, "isPrivate": space.private},
        "authorizer": {"type": "user", "_id": user.id, "display": user.displayname, "username": user.username},
        "pairingInfo": {
            "pairingcode": world.ids.digits(CODE_DIGITS),
            "app_id": app_id,
            "pairing_time": iso(world.clock.now_ms()),
        },
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
        },
    }
    await world.publish(AppPaired(person_id=user.id, payload=payload))
    return shown(world.origins, payload)


def shown(origins: Origins, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a pairing says to one client: the picture of the app is where that client reaches the world."""
    return {**payload, "app": {**payload["app"], "picture_url": f"{origins.accounts}{DEFAULT_PICTURE}"}}
