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
    # What events show of a content beyond its text, files and times, by category; REST shows it for all (DM-MSG-06).
    content_members: Annotated[dict[str, tuple[str, ...]], source("RT-SENT-03", "D")] = field(
        default_factory=lambda: {
            "idea": ("description",),
            "task": ("description", "status", "dueDate", "assignees"),
        }
    )
    # Room apps
    paired_scopes: Annotated[tuple[str, ...], source("RT-PAIR-01", "D")] = (
        "space.read",
        "space.write",
        "meeting.read",
        "meeting.write",
        "app.profile",
        "authorizer.profile",
        "space.join",
    )
    paired_channel_type: Annotated[str, source("RT-PAIR-01", "D")] = "TOPIC"
