"""What a pairing of a room app looks like on the wire (RT-PAIR-01)."""

from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.events import AppPaired
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.contract.shapes import events as shapes
from mockspaces.contract.web import DEFAULT_PICTURE


def paired(world: World, origins: Origins, event: AppPaired) -> shapes.Pairing:
    """Return what a pairing says to one client: the picture of the app is where that client reaches the world."""
    user, space, token = event.user, event.space, event.token
    return shapes.Pairing(
        channel=shapes.PairedChannel(
            type=world.contract.sockets.paired_channel_type, id=space.id, is_private=space.private
        ),
        authorizer=shapes.PairingAuthorizer(id=user.id, display=user.displayname, username=user.username),
        pairing_info=shapes.PairingInfo(
            pairingcode=event.code, app_id=token.app["appId"], pairing_time=iso(event.time)
        ),
        sip_info=shapes.SipInfo(sip_uri=f"sip:{space.settings.get('confId', '')}@{world.settings.accounts_issuer}"),
        access_token=shapes.PairingToken(
            token=token.id, scope=token.scopes, expires=world.contract.limits.space_access_token_s
        ),
        app=shapes.PairedApp(
            id=token.app["_id"],
            displayname=token.app["displayname"],
            username="",
            role=token.app["role"],
            picture_url=f"{origins.accounts}{DEFAULT_PICTURE}",
        ),
    )
