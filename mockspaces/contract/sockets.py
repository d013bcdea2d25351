"""Words of the socket beside the names of events: types of tokens and of channels."""

from typing import Annotated, Literal

import msgspec
from msgspec import field

from mockspaces.contract.rows import source


class Sockets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words of the socket of one deployment."""

    # The Authorization scheme of REST that each ``tokenType`` stands for.
    token_types: Annotated[
        dict[str, Literal["jwt", "bearer", "service_app"]], source("RT-AUTH-02, RT-AUTH-03", "D")
    ] = field(default_factory=lambda: {"jwt": "jwt", "oauth": "bearer", "service_app": "service_app"})
    # How some published clients corrupt their token.
    corrupt_suffix: Annotated[str, source("RT-AUTH-10")] = "=jwt"
    channel_type: Annotated[str, source("RT-SUB-01", "D")] = "topic"
