"""What the identity server answers, and the claims of its tokens (ACC-*)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from msgspec import UNSET, UnsetType

from mockspaces.contract.shapes.base import A, C, Count, D, Id, Json, Shape, Underscored, Url
from mockspaces.contract.shapes.lists import Data
from mockspaces.contract.shapes.people import Licence, PersonName


class Tokens(Underscored, kw_only=True):
    """What a grant is exchanged for; without refresh token where access is online."""

    access_token: Annotated[str, D("ACC-TOKEN-08")]
    scope: Annotated[str, D("ACC-TOKEN-08")]
    expires_in: Annotated[Count, D("ACC-TOKEN-08")]
    refresh_token: Annotated[str | UnsetType, D("ACC-TOKEN-08")] = UNSET
    id_token: Annotated[str | UnsetType, D("ACC-TOKEN-08")] = UNSET
    token_type: Annotated[Literal["Bearer"] | UnsetType, A("ACC-TOKEN-08")] = UNSET


class TokenUser(Underscored, kw_only=True):
    """Whom an id_token speaks of."""

    username: Annotated[str, D("ACC-INFO-02")]
    first_name: Annotated[str, D("ACC-INFO-02")]
    last_name: Annotated[str, D("ACC-INFO-02")]
    id: Annotated[str, D("ACC-INFO-02, ACC-INFO-03")]
    picture_url: Annotated[Url, D("ACC-INFO-02, ACC-INFO-05")]


class TokenInfo(Underscored, kw_only=True):
    """What an id_token says."""

    expires_in: Annotated[Count, D("ACC-INFO-02, ACC-INFO-03")]
    audience: Annotated[str, D("ACC-INFO-02, ACC-INFO-03, ACC-INFO-07")]
    user_id: Annotated[str, D("ACC-INFO-02, ACC-INFO-03")]
    user: Annotated[TokenUser, D("ACC-INFO-02")]
    issuer: Annotated[str, D("ACC-INFO-02, ACC-INFO-04")]


class UserToken(Underscored, kw_only=True):
    """A user JWT for a user name and password."""

    token: Annotated[str, C("ACC-JWT-02")]
    expires_in: Annotated[Count, A("ACC-JWT-02")]


class SelfName(Underscored, kw_only=True):
    """The name of who asks."""

    formatted: Annotated[str, C("ACC-SELF-01")]
    givenname: Annotated[str, C("ACC-SELF-01")]
    familyname: Annotated[str, C("ACC-SELF-01")]


class Self(Underscored, kw_only=True):
    """Who asks."""

    id: Annotated[str, A("ACC-SELF-01")]
    username: Annotated[str, C("ACC-SELF-01")]
    picture_url: Annotated[Url, C("ACC-SELF-01")]
    name: Annotated[SelfName, C("ACC-SELF-01")]


class DirectoryEntry(Underscored, kw_only=True):
    """A colleague in the directory."""

    id: Annotated[str, D("ACC-DIR-02")]
    username: Annotated[str, D("ACC-DIR-02")]
    name: Annotated[PersonName, D("ACC-DIR-02")]


class Directory(Shape, kw_only=True):
    """The people of a company, on one page."""

    next_url: Annotated[Literal[""], D("ACC-DIR-02")] = ""
    previous_url: Annotated[Literal[""], D("ACC-DIR-02")] = ""
    page_range_display: Annotated[Sequence[int], D("ACC-DIR-02")] = (1, 1)
    current_page: Annotated[Count, D("ACC-DIR-02")] = 0
    total: Annotated[Count, D("ACC-DIR-02")]
    data: Annotated[Sequence[DirectoryEntry], D("ACC-DIR-02")]


class IdTokenClaims(Underscored, kw_only=True):
    """The claims of an HS256 id_token."""

    sub: Annotated[str, D("ACC-IDT-01")]
    iss: Annotated[str, D("ACC-IDT-01")]
    aud: Annotated[str, D("ACC-IDT-01")]
    email: Annotated[str, D("ACC-IDT-01")]
    iat: Annotated[int, D("ACC-IDT-01")]
    exp: Annotated[int, D("ACC-IDT-01")]
    id_token_version: Annotated[str, D("ACC-IDT-01")]
    nonce: Annotated[str | UnsetType, A("ACC-IDT-03")] = UNSET


class UserJwtClaims(Underscored, kw_only=True):
    """The claims of a user JWT."""

    user_id_sig: Annotated[str, D("ACC-UJWT-02, ACC-UJWT-04")]
    product_type: Annotated[str, D("ACC-UJWT-02")]
    lastupdatetime: Annotated[str, D("ACC-UJWT-02")]
    iss: Annotated[str, D("ACC-UJWT-02")]
    publickeyid: Annotated[str, D("ACC-UJWT-02, ACC-UJWT-04")]
    exp: Annotated[int, D("ACC-UJWT-02, ACC-UJWT-03")]
    user_id: Annotated[str, D("ACC-UJWT-02")]
    ver: Annotated[str, D("ACC-UJWT-02")]


class AnonymousJwtClaims(Underscored, kw_only=True):
    """The claims of the JWT of an anonymous user."""

    anonymous_id: Annotated[Id, D("ACC-ANON-01")]
    product_type: Annotated[str, D("ACC-ANON-01")]
    iss: Annotated[Sequence[str], D("ACC-ANON-01")]
    iat: Annotated[int, D("ACC-ANON-01")]
    exp: Annotated[int, D("ACC-ANON-01")]


ANSWERS: dict[str, Any] = {
    "tokens": Tokens,
    "token info": TokenInfo,
    "user token": UserToken,
    "self": Self,
    "directory": Directory,
    "licences": Data[Licence],
    "object": Json,
}
