"""Room apps, and calls that the mock only receives (MISC-ANASTART .. MISC-DISCOVER)."""

from typing import Any

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import discovery
from mockspaces.cloud.store.entities import SpaceToken
from mockspaces.contract import errors
from mockspaces.contract.shapes import service as shapes
from mockspaces.contract.shapes.lists import Data
from mockspaces.contract.web import DEFAULT_PICTURE
from mockspaces.rest.call import Call, Handlers


class ConferenceBody(msgspec.Struct, frozen=True):
    """Which conference began or ended; the mock keeps no statistics of them."""

    vcid: str | None = None
    tags: list[str] | None = None
    duration: float | None = None


class DiscoverBody(msgspec.Struct, frozen=True, rename="camel"):
    """A link and an app that belong together (MISC-DISCOVER-01)."""

    space_url: str
    app_id: str


async def note_conference(call: Call) -> object:
    """Take a note of a conference and do nothing with it (MISC-ANASTART-01, MISC-ANASTOP-01)."""
    await call.decode(ConferenceBody)
    return shapes.Nothing()


async def dial_in(call: Call) -> object:
    """Take any JSON and dial nowhere (MISC-DIALGATHER-01, MISC-DIALIN-01)."""
    await call.decode(Any)
    return shapes.Nothing()


async def space_token(call: Call, found: SpaceToken) -> object:
    """Return what a space access token stands for (MISC-SAT-01, -02)."""
    who = await people.get_person(call.world, found.authorizer_id)
    app = found.app
    return shapes.SpaceTokenInfo(
        authorizer=shapes.Authorizer(id=found.authorizer_id, display=who.displayname if who else ""),
        app=shapes.TokenApp(
            id=app["_id"],
            displayname=app["displayname"],
            picture_url=f"{call.origins.accounts}{DEFAULT_PICTURE}",
            scope=found.scopes,
            app_id=app["appId"],
            app_type=app["appType"],
            role=app["role"],
            target_id=app["targetId"],
            target_type=app["targetType"],
            expiry=iso(found.expires),
        ),
    )


async def discover(call: Call) -> object:
    """Say whether a link and an app are known; if one is not, both count as unknown (MISC-DISCOVER-01..03)."""
    body = await call.decode(DiscoverBody)
    for member, value in (("spaceUrl", body.space_url), ("appId", body.app_id)):
        if not value:
            raise invalid(member, "must not be empty")
    space = await discovery.linked_space(call.world, call.origins, body.space_url)
    valid = (
        space is not None
        and await discovery.may_open(call.world, call.caller, space, call.pin)
        and await discovery.known_app(call.world, body.app_id)
    )
    if space is None or not valid:
        return shapes.Discovery(is_space_validated=False, is_app_validated=False)
    return shapes.Discovery(is_space_validated=True, is_app_validated=True, channel=shapes.Channel(id=space.id))


class CalleeBody(msgspec.Struct, frozen=True):
    """A phone that is to ring."""

    address: str
    displayname: str = ""


class CallBody(msgspec.Struct, frozen=True):
    """Whom a person calls (MISC-CALL-01)."""

    callees: tuple[CalleeBody, ...]


async def call_phones(call: Call) -> object:
    """Take a call to phones and dial nowhere; the caller needs a licence (MISC-CALL-01)."""
    if not call.caller.user.licences:
        raise Rejection(errors.PERMISSION_DENIED, f'"{call.caller.user.username}" has no licence, as callers need')
    body = await call.decode(CallBody)
    most = call.world.contract.limits.call_receivers
    if not 1 <= len(body.callees) <= most:
        raise invalid("callees", f"expected 1 to {most}")
    for number, one in enumerate(body.callees):
        if not one.address.strip():
            raise invalid(f"callees[{number}].address", "must not be blank")
    return Data([shapes.Called(address=one.address, displayname=one.displayname) for one in body.callees])


HANDLERS: Handlers = {
    "MISC-ANASTART": Handler(note_conference, body=ConferenceBody),
    "MISC-ANASTOP": Handler(note_conference, body=ConferenceBody),
    "MISC-DIALGATHER": Handler(dial_in, body=Any),
    "MISC-DIALIN": Handler(dial_in, body=Any),
    "MISC-SAT": Handler(space_token),
    "MISC-CALL": Handler(call_phones, body=CallBody),
    "MISC-DISCOVER": Handler(discover, body=DiscoverBody),
}
