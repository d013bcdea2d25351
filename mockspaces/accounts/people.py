"""Who a token belongs to, the directory, and what products keep (ACC-INFO, ACC-JWT, ACC-SELF, ACC-DIR, ACC-LIC ...)."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from starlette.responses import Response

from mockspaces.accounts.call import Call, Handlers
from mockspaces.asgi.answer import Signed
from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.identity import id_tokens, sign_in, tokens
from mockspaces.cloud.store.entities import ProductProfile, User
from mockspaces.cloud.views import person_views
from mockspaces.contract.shapes import accounts as shapes
from mockspaces.contract.shapes.lists import Data
from mockspaces.contract.shapes.service import Nothing


class NativeLogin(msgspec.Struct, frozen=True):
    """The body of get_jwt_token (ACC-JWT-01)."""

    auth_type: Literal["native"]
    auth_provider: Literal["onesna"]
    username: str
    password: str


async def token_info(call: Call) -> Response:
    """Say what an id_token says (ACC-INFO-01..07)."""
    query = call.parameters(("id_token",))
    query.refuse_problems()
    info = await id_tokens.tell(call.world, query.required("id_token"))
    user = info.user
    shown = shapes.TokenUser(
        username=user.username,
        first_name=user.name.givenname,
        last_name=user.name.familyname,
        id=user.ndbid,
        picture_url=person_views.picture_url(call.origins, user),
    )
    answer = shapes.TokenInfo(
        expires_in=info.seconds_left,
        audience=info.audience,
        user_id=user.ndbid,
        user=shown,
        issuer=call.world.settings.accounts_issuer,
    )
    return call.json(answer)


async def native_login(call: Call) -> Signed:
    """Issue a user JWT for a user name and password (ACC-JWT-01..03)."""
    body = await call.decode(NativeLogin)
    user = await sign_in.check_password(call.world, body.username, body.password)
    expires_in = call.world.contract.limits.user_jwt_s
    return Signed(
        await tokens.user_jwt(call.world, user),
        lambda token: call.json(shapes.UserToken(token=token, expires_in=expires_in)),
    )


async def current_user(call: Call) -> Response:
    """Return the caller (ACC-SELF-01)."""
    user = call.caller.user
    full = user.name
    name = shapes.SelfName(formatted=full.formatted, givenname=full.givenname, familyname=full.familyname)
    picture = person_views.picture_url(call.origins, user)
    return call.json(shapes.Self(id=user.ndbid, username=user.username, picture_url=picture, name=name))


async def colleagues(call: Call) -> Response:
    """Return the people of the caller's company on one page (ACC-DIR-01..03)."""
    query = call.parameters(("search",))
    query.refuse_problems()
    wanted = (query["search"] or "").casefold()
    company_id = call.caller.user.company_id
    people = await call.world.state.users.page("company", company_id) if company_id else [call.caller.user]
    found = [user for user in people if any(wanted in text.casefold() for text in _names(user))]
    data = [shapes.DirectoryEntry(id=user.ndbid, username=user.username, name=user.name) for user in found]
    return call.json(shapes.Directory(total=len(found), data=data))


def _names(user: User) -> tuple[str, ...]:
    return (user.displayname, f"{user.name.givenname} {user.name.familyname}", user.username)


async def default_picture(_call: Call) -> Response:
    """Return the default picture (ACC-IMG-01)."""
    return Response(_picture(), media_type="image/jpeg")


@cache
def _picture() -> bytes:
    return Path(__file__).with_name("noimage.jpg").read_bytes()


async def licences(call: Call) -> Response:
    """Return the caller's licences (ACC-LIC-01)."""
    return call.json(Data([person_views.licence(item) for item in call.caller.user.licences]))


async def agree(call: Call) -> Response:
    """Take note of an agreement (ACC-AGREE-01)."""
    return call.json(Nothing())


async def profile(call: Call) -> Response:
    """Return what was last stored for caller and product (ACC-PROFGET-01)."""
    found = await call.world.state.product_profiles.get(_profile_id(call))
    return call.json(found.value if found else {})


async def store_profile(call: Call) -> Response:
    """Store a JSON object for caller and product (ACC-PROFSET-01)."""
    value = await call.decode(dict[str, Any])
    await call.world.state.product_profiles.put(ProductProfile(id=_profile_id(call), value=value))
    return call.json(value)


def _profile_id(call: Call) -> str:
    return f"{call.caller.user.id}/{call.params['sku']}"


HANDLERS: Handlers = {
    "ACC-INFO": Handler(token_info),
    "ACC-JWT": Handler(native_login),
    "ACC-SELF": Handler(current_user),
    "ACC-DIR": Handler(colleagues),
    "ACC-IMG": Handler(default_picture),
    "ACC-LIC": Handler(licences),
    "ACC-AGREE": Handler(agree),
    "ACC-PROFGET": Handler(profile),
    "ACC-PROFSET": Handler(store_profile),
}
