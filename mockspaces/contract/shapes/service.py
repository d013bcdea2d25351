"""What a deployment says of itself, and of room apps (MISC-*)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from msgspec import UNSET, UnsetType

from mockspaces.contract.shapes.base import A, C, D, Id, Shape, Time, Underscored, Url
from mockspaces.contract.shapes.lists import Data


class SpacesServers(Underscored, kw_only=True):
    """Where Spaces is."""

    server_url: Annotated[Url, D("MISC-CONF-01")]
    socketio_server_url: Annotated[Url, D("MISC-CONF-01")]
    marketing_url: Annotated[Url, D("MISC-CONF-01")]


class OneServer(Underscored, kw_only=True):
    """Where a service is."""

    server_url: Annotated[Url, D("MISC-CONF-01")]


class Servers(Shape, kw_only=True):
    """The origins of a deployment."""

    spaces: Annotated[SpacesServers, D("MISC-CONF-01")]
    store: Annotated[OneServer, D("MISC-CONF-01")]
    accounts: Annotated[OneServer, D("MISC-CONF-01")]


class RestLimits(Underscored, kw_only=True):
    """Limits of the REST API; intervals in seconds, sizes in KB."""

    rate_limit: Annotated[int, D("MISC-LIMIT-01, LIM-01")]
    rate_interval: Annotated[int, D("MISC-LIMIT-01, LIM-01")]
    max_upload_file_size: Annotated[int, D("MISC-LIMIT-01")]


class SocketLimits(Underscored, kw_only=True):
    """Limits of sockets; intervals in seconds, sizes in KB."""

    max_connections: Annotated[int, D("MISC-LIMIT-01")]
    rate_limit: Annotated[int, D("MISC-LIMIT-01")]
    rate_interval: Annotated[int, D("MISC-LIMIT-01")]
    payload_size: Annotated[int, D("MISC-LIMIT-01")]


class GlobalLimits(Underscored, kw_only=True):
    """Limits of everything together."""

    rest_api: Annotated[RestLimits, D("MISC-LIMIT-01")]
    socketio: Annotated[SocketLimits, D("MISC-LIMIT-01")]


class ResourceLimit(Underscored, kw_only=True):
    """The limit of one call."""

    path: Annotated[str, D("MISC-LIMIT-01")]
    method: Annotated[str, D("MISC-LIMIT-01")]
    rate_limit: Annotated[int, D("MISC-LIMIT-01, LIM-01")]
    rate_interval: Annotated[int, D("MISC-LIMIT-01, LIM-01")]


class Limits(Shape, kw_only=True):
    """The limits of a deployment."""

    global_: Annotated[GlobalLimits, D("MISC-LIMIT-01")]
    resource: Annotated[Sequence[ResourceLimit], D("MISC-LIMIT-01")]


class FlavorUrls(Shape, kw_only=True):
    """Where a deployment is."""

    apis: Annotated[Url, C("MISC-FLAVOR-01")]
    socket: Annotated[Url, C("MISC-FLAVOR-01")]


class Flavor(Shape, kw_only=True):
    """A deployment."""

    flavor_id: Annotated[str, C("MISC-FLAVOR-01")]
    urls: Annotated[FlavorUrls, C("MISC-FLAVOR-01")]


class FlavorOfEmail(Shape, kw_only=True):
    """The deployment of an address."""

    use_global: Annotated[bool, C("MISC-FLAVMAIL-01")]
    flavor_id: Annotated[str, C("MISC-FLAVMAIL-01")]


class ConferenceNumber(Shape, kw_only=True):
    """A number to dial in."""

    description: Annotated[str, C("MISC-CONFNUM-01")]
    number: Annotated[str, C("MISC-CONFNUM-01")]


class Nothing(Shape, kw_only=True):
    """An object without members."""


class Authorizer(Shape, kw_only=True):
    """Who paired a room app."""

    type: Annotated[Literal["user"], D("MISC-SAT-01")] = "user"
    id: Annotated[Id, D("MISC-SAT-01")]
    display: Annotated[str, D("MISC-SAT-01")]


class TokenApp(Shape, kw_only=True):
    """The room app that a token is for."""

    id: Annotated[Id, D("MISC-SAT-01")]
    displayname: Annotated[str, D("MISC-SAT-01")]
    a_type: Annotated[Literal["app"], D("MISC-SAT-01")] = "app"
    picture_url: Annotated[Url, D("MISC-SAT-01")]
    scope: Annotated[Sequence[str], D("MISC-SAT-01")]
    app_id: Annotated[str, D("MISC-SAT-01")]
    app_type: Annotated[str, D("MISC-SAT-01")]
    role: Annotated[str, D("MISC-SAT-01")]
    target_id: Annotated[Id, D("MISC-SAT-01")]
    target_type: Annotated[str, D("MISC-SAT-01")]
    expiry: Annotated[Time, D("MISC-SAT-01")]


class SpaceTokenInfo(Shape, kw_only=True):
    """What a space access token stands for."""

    authorizer: Annotated[Authorizer, D("MISC-SAT-01")]
    app: Annotated[TokenApp, D("MISC-SAT-01")]


class Channel(Shape, kw_only=True):
    """A space as a channel."""

    id: Annotated[Id, A("MISC-DISCOVER-02")]
    type: Annotated[Literal["topic"], A("MISC-DISCOVER-02")] = "topic"


class Discovery(Shape, kw_only=True):
    """Whether a link and an app are known; the space, if both are."""

    is_space_validated: Annotated[bool, D("MISC-DISCOVER-02, MISC-DISCOVER-03")]
    is_app_validated: Annotated[bool, D("MISC-DISCOVER-02, MISC-DISCOVER-03")]
    channel: Annotated[Channel | UnsetType, D("MISC-DISCOVER-02")] = UNSET


class Called(Shape, kw_only=True):
    """Who is called at a phone."""

    address: Annotated[str, A("MISC-CALL-01")]
    displayname: Annotated[str, A("MISC-CALL-01")] = ""


ANSWERS: dict[str, Any] = {
    "servers": Servers,
    "limits": Limits,
    "flavors": Sequence[Flavor],
    "flavor of an address": FlavorOfEmail,
    "conference numbers": Data[ConferenceNumber],
    "features": Data[Nothing],
    "nothing": Nothing,
    "space token": SpaceTokenInfo,
    "discovery": Discovery,
    "calls": Data[Called],
}
