"""The shapes of the contract's rows.

A row is one fact about the wire with its id, its source and the confidence we have in it:
``D`` documented by the vendor, ``C`` seen in a client, ``A`` assumed by us.
Rows are frozen and convertible, so that an overlay can replace some of their members by name.
"""

from typing import Annotated, Literal

import msgspec

Confidence = Literal["D", "C", "A"]
Surface = Literal["accounts", "rest", "storage", "realtime", "control", "web"]
Kind = Literal["none", "user", "anon", "oauth", "svc", "sat", "session", "client", "client_id", "url-signature"]
Role = Literal["admin", "member", "guest"]
SpaceType = Literal["group", "direct", "personal"]
Written = Literal["chat", "idea", "task"]
Enters = Literal[
    "",
    "self",
    "colleague",
    "settings",
    "partner",
    "room",
    "space",
    "attendee",
    "meeting",
    "party",
    "recording",
    "message",
    "editable message",
    "idea",
    "task",
    "file",
    "invite",
    "own invite",
    "viewer token",
    "space token",
]


def source(text: str, confidence: Confidence = "A", *, ge: int | None = None) -> msgspec.Meta:
    """Return what a single fact carries beside its type: where it comes from, and how sure we are."""
    return msgspec.Meta(extra={"source": text, "confidence": confidence}, ge=ge)


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every row carries besides its facts."""

    confidence: Confidence = "A"
    source: str = ""


class Endpoint(Row, frozen=True, kw_only=True):
    """One documented call: where it is, who may make it and what is checked before its handler runs."""

    id: str
    surface: Surface
    method: str
    path: str
    aliases: tuple[str, ...] = ()
    auth: tuple[Kind, ...] = ("none",)
    scope: str | None = None
    act_as_scope: str | None = None
    permission: str = "none"
    pin: Literal["", "join", "all"] = ""
    admits_strangers: bool = False
    refuses: tuple[SpaceType, ...] = ()
    emulate: bool = True
    optional_aliases: tuple[str, ...] = ()
    answer: str = ""  # the shape of an answer in JSON, by its word in `shapes.ANSWERS`
    media_type: str = ""  # of an answer that is no JSON; nothing of either is an answer without a body
    statuses: tuple[int, ...] = (200,)  # of calls that are not refused; with any but the first comes no JSON
    words: dict[str, tuple[str, ...]] = {}  # what a path parameter may be; another word is no path
    words_in_any_case: bool = False
    anonymous_setting: str = ""
    refusals: Literal["object", "page", "client"] = "object"  # a client hears of them at its redirect_uri
    enters: Enters = ""  # what the surface finds and checks before the handler runs, see `entrances`
    creates: Written | None = None  # the category of message that a call makes, which not everybody may
    page_size: int = 0  # how many items a page has where a request names no size; 0 is no list
    csrf: bool = False  # whether a form must come from a page of ours
    no_store: bool = False  # whether an answer may be kept by nobody
    transaction: Literal["own", "none"] = "own"  # whether the call is one of its world, or enters none


class Parameter(Row, frozen=True, kw_only=True):
    """A parameter of a query, form or header: what it may be, and what counts where it is not sent.

    That a value is out of bounds is not always refused: the rows of the calls say what happens.
    """

    name: str
    type: Literal["string", "integer", "boolean"] = "string"
    required: bool = False
    default: str | int | bool | None = None
    minimum: int | None = None
    most: int | None = None  # characters
    words: tuple[str, ...] = ()
    pattern: str = ""


class SocketEvent(Row, frozen=True, kw_only=True):
    """One event of the socket: who says it, and the shape of its payload, by its word in `shapes.PAYLOADS`."""

    id: str
    by: Literal["client", "server"]
    payload: str
    purpose: str
    answers: tuple[str, ...] = ()  # events by which the server answers whoever said it


class Entrance(Row, frozen=True, kw_only=True):
    """One thing that calls enter: the parameters of the path by which it is found, and what its handler is handed."""

    id: Enters
    needs: tuple[str, ...] = ()
    hands: tuple[str, ...] = ()  # names of types, in the order of the handler's arguments after the call


class Permission(Row, frozen=True, kw_only=True):
    """Which roles in a space hold a permission; ``roles`` is null where the operation itself decides."""

    id: str
    roles: tuple[Role, ...] | None = None


class Scope(Row, frozen=True, kw_only=True):
    """One service-app scope, the endpoint it opens and the role its service account needs there."""

    name: str
    endpoint: str
    purpose: str
    roles: tuple[Role, ...] | None = None


class OAuthScope(Row, frozen=True, kw_only=True):
    """One OAuth scope: every spelling a request may use, its paths below the mock's own origin, and its print.

    ``printed`` is how the token endpoint answers it; a scope without one is granted silently (ACC-SCOPE-07).
    ``consent`` is what the consent page says of it (ACC-CONSENT-01); ``default`` whether a request that names no
    scope is granted it (ACC-SCOPE-05).
    """

    name: str
    spellings: tuple[str, ...]
    paths: tuple[str, ...] = ()
    printed: str = ""
    consent: str = ""
    default: bool = False


class ErrorCode(Row, frozen=True, kw_only=True):
    """One refusal: the code and status on the wire. ``{detail}`` in the message is filled by the refusal."""

    id: str
    code: str
    status: Annotated[int, msgspec.Meta(ge=200, le=599)]
    message: str

    def text(self, detail: str) -> str:
        """Return the message with its place for ``detail`` filled."""
        return self.message.replace("{detail}", detail)
