"""Settings of one world (DM-CFG-01..05): where the vendor's behaviour is open, or a convenience is wanted.

The wire name of a setting is ``area.name``; in Python the dot is an underscore. Defaults are the strict,
faithful choice, so whatever is changed here is a named relaxation or variant.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Milliseconds = Annotated[int, Meta(ge=1, le=7 * 86_400_000)]  # no timer has to run for longer than a week
Seconds = Annotated[int, Meta(ge=0, le=10**10)]  # three hundred years
Bytes = Annotated[int, Meta(ge=0, le=2**40)]


def _does(what: str) -> Meta:
    """Return what a setting says of itself, for the documentation and the API document."""
    return Meta(description=what)


def wire_name(field: str) -> str:
    """Return the name a setting has in documents: its first underscore is a dot."""
    return field.replace("_", ".", 1)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=wire_name):
    """All settings of a world with their defaults."""

    # DM-CFG-01
    accounts_issuer: Annotated[
        str, _does("The `iss` of id_tokens and user JWTs, and the only one that the REST API takes.")
    ] = "avayacloud.com"
    accounts_error_style: Annotated[
        Literal["vendor", "rfc6749"],
        _does("Token errors as the vendor's own client reads them, `error` being an object, or as RFC 6749 has them."),
    ] = "vendor"
    accounts_scope_style: Annotated[
        Literal["vendor", "echo"],
        _does("`scope` of a token answer in the words of the vendor's documents, or in those of the request."),
    ] = "vendor"
    accounts_pkce_without_secret: Annotated[
        bool, _does("A client that has a secret may leave it out where it brings a PKCE verifier.")
    ] = False
    accounts_token_type: Annotated[bool, _does("Whether a token answer has `token_type`.")] = True
    accounts_id_token_style: Annotated[
        Literal["hs256", "rs256"], _does("id_tokens signed with the client's secret, or user JWTs in their place.")
    ] = "hs256"
    accounts_strict_rotation: Annotated[
        bool, _does("Refresh token rotation: a refresh ends the refresh token that it used. Off, the old one lives on.")
    ] = False
    accounts_typo_alias: Annotated[
        bool, _does("Serves the misspelt path of the documents, `/oauth2/acces_token`, too.")
    ] = False
    accounts_ignore_verifier: Annotated[
        bool, _does("A `code_verifier` for a code without challenge is ignored, not refused.")
    ] = False
    accounts_accept_openid: Annotated[
        bool, _does("The scope `openid`, which OIDC libraries send, is left out, not refused.")
    ] = False
    accounts_loopback_ports: Annotated[
        bool, _does("A registered redirect to the loopback may have any port (RFC 8252, 7.3).")
    ] = False
    accounts_logout_origins: Annotated[
        tuple[str, ...], _does("Origins beside the mock's own to which a logout may lead.")
    ] = ()
    accounts_cookie_prefix: Annotated[
        Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{0,64}$")],
        _does("A word before the names of cookies, for programs on the same host that have such cookies too."),
    ] = ""
    accounts_auto_login: Annotated[
        str | None, _does("The user who is signed in without a page; none shows the login page.")
    ] = None
    accounts_auto_consent: Annotated[bool, _does("Whether consent is given without a page.")] = False
    accounts_list_users: Annotated[bool, _does("The login page lists the users, each a button that signs in.")] = True
    # DM-CFG-02
    rest_service_audiences: Annotated[tuple[str, ...], _does("The `aud` that a service-app JWT may have.")] = (
        "spaces.avayacloud.com",
    )
    rest_service_leeway_s: Annotated[
        Seconds, _does("How much later or further ahead the `exp` of a service-app JWT may be.")
    ] = 0
    rest_pin_scope: Annotated[
        Literal["all", "join"],
        _does("Whether the PIN of a space is asked for at each call, or until its caller has joined."),
    ] = "join"
    rest_default_member_only: Annotated[bool, _does("Whether a new group space admits members only.")] = True
    rest_escape_text: Annotated[bool, _does("Whether texts of messages are stored with the entities of HTML.")] = True
    rest_strict_tasks: Annotated[
        bool, _does("A task without the members that the documents call required is refused.")
    ] = False
    rest_enforce_limits: Annotated[
        bool, _does("Whether rate limits are enforced: a call too many is answered 429. They are counted always.")
    ] = False
    files_anonymous_upload: Annotated[bool, _does("Whether anonymous users may upload files.")] = False
    files_max_bytes: Annotated[Bytes, _does("Bytes of all stored files of one world together.")] = 104_857_600
    # DM-CFG-03
    socket_spelling: Annotated[
        Literal["1x", "2x"], _does("`40/chat` as a server of Socket.IO 1 writes it, or `40/chat,` as one of 2.")
    ] = "1x"
    socket_allow_eio4: Annotated[
        bool, _does("Whether clients of Engine.IO 4 are served; false treats every client as one of Engine.IO 3.")
    ] = True
    socket_ping_interval_ms: Annotated[Milliseconds, _does("How often a socket pings, in real time.")] = 25_000
    socket_ping_timeout_ms: Annotated[
        Milliseconds, _does("How long a ping may stay without an answer, in real time.")
    ] = 60_000
    socket_lenient_token: Annotated[
        bool, _does("Takes a literal `=jwt` off the end of a token, which some published clients append.")
    ] = False
    socket_enforce_limits: Annotated[
        bool, _does("Whether the limits of sockets are enforced: connections, events, size of a payload.")
    ] = False
    socket_queue_bytes: Annotated[
        Bytes, _does("How much may wait for a socket that reads slowly before it is closed.")
    ] = 4 * 1024 * 1024  # the mock's own: a slow reader is closed beyond this
