"""What is said of spaces and messages: statuses, how a new space is set up, and the words of tasks and policies."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import field

from mockspaces.contract.rows import Role, source

SpaceStatus = Literal["normal", "archived", "deleted"]
RecordStatus = Literal["normal", "hidden"]
MessageStatus = Literal["normal", "deleted"]
TaskStatus = Literal["pending", "completed"]


class Spaces(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The facts about spaces and messages of one deployment."""

    # Statuses as numbers of the wire
    status: Annotated[dict[SpaceStatus, int], source("DM-SPACE-03, SPACES-GET-01, SPACES-DELETE-01", "D")] = field(
        default_factory=lambda: {"normal": 0, "archived": 1, "deleted": 2}
    )
    record_status: Annotated[dict[RecordStatus, int], source("DM-USP-02, USERS-HIDE-03, RT-USR-02", "D")] = field(
        default_factory=lambda: {"normal": 0, "hidden": 4}
    )
    message_status: Annotated[dict[MessageStatus, int], source("DM-MSG-01, USERS-MSGS-02", "D")] = field(
        default_factory=lambda: {"normal": 0, "deleted": 2}
    )
    # A new space
    no_old_messages: Annotated[str, source("DM-SPACE-04, PERM-HIST-01", "D")] = "deny_guest_access_history_msg"
    retention: Annotated[dict[str, Any], source("DM-SPACE-06", "C")] = field(
        default_factory=lambda: {"retentionLength": 0, "retentionType": "forever", "notInheritParentPolicy": False}
    )
    access_settings: Annotated[dict[str, Any], source("DM-SET-01", "D")] = field(
        default_factory=lambda: {"confPin": "", "passwordRequired": {"allGuests": True}, "allowPasswordInURL": False}
    )
    # What `mdLic` has where the owner is licensed; everywhere else it is empty.
    media_settings: Annotated[dict[str, Any], source("DM-SET-03, DM-SET-04", "D")] = field(
        default_factory=lambda: {
            "mdSrv": "mpaas",
            "mdOpts": [],
            "mdProviders": ["mpaas"],
            "mdLic": ["video", "audio"],
            "autoStart": False,
            "hideAutoStartPrompt": False,
            "mpaasSettings": {
                "eventConference": {"enable": False},
                "mixerMode": "OPTIMIZED_PROCESSED",
                "maxResolution": "720P",
            },
        }
    )
    content_creation: Annotated[str, source("DM-SET-05")] = "all"
    # Who writes where `settings.contentCreation` says so; any other policy lets everybody.
    writers: Annotated[dict[str, tuple[Role, ...]], source("PERM-POL-01")] = field(
        default_factory=lambda: {"members": ("admin", "member"), "admins": ("admin",)}
    )
    # Messages
    unread: Annotated[tuple[str, ...], source("USERS-READ-05", "D")] = ("chat", "idea", "task")
    task_words: Annotated[dict[str, TaskStatus], source("MSG-TASK-04", "D")] = field(
        default_factory=lambda: {"pending": "pending", "completed": "completed", "complete": "completed"}
    )
    task_numbers: Annotated[tuple[TaskStatus, ...], source("MSG-TASK-04", "D")] = ("pending", "completed")
    escapes: Annotated[dict[str, str], source("MSG-GEN-04", "C")] = field(
        default_factory=lambda: {'"': "&quot;", "'": "&#x27;"}
    )
    server: Annotated[str, source("RT-MED-03", "D")] = "spaceserver"
