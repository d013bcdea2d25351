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


def wire_name(field: str) -> str:
    """Return the name a setting has in documents: its first underscore is a dot."""
    return field.replace("_", ".", 1)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=wire_name):
    """All settings of a world with their defaults."""

    # DM-CFG-01
    accounts_issuer: str = "avayacloud.com"
    accounts_error_style: Literal["vendor", "rfc6749"] = "vendor"
    accounts_scope_style: Literal["vendor", "echo"] = "vendor"
    accounts_pkce_without_secret: bool = False
    accounts_token_type: bool = True
    accounts_id_token_style: Literal["hs256", "rs256"] = "hs256"
    accounts_strict_rotation: bool = False
    accounts_typo_alias: bool = False
    accounts_ignore_verifier: bool = False
    accounts_accept_openid: bool = False
    accounts_loopback_ports: bool = False
    accounts_logout_origins: tuple[str, ...] = ()
    accounts_cookie_prefix: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{0,64}$")] = ""
    accounts_auto_login: str | None = None
    accounts_auto_consent: bool = False
    accounts_list_users: bool = True  # the mock's own: one-click sign-ins on the login page
    # DM-CFG-02
    rest_service_audiences: tuple[str, ...] = ("spaces.avayacloud.com",)
    rest_service_leeway_s: Seconds = 0
    rest_pin_scope: Literal["all", "join"] = "join"
    rest_default_member_only: bool = True
    rest_escape_text: bool = True
    rest_strict_tasks: bool = False
    rest_enforce_limits: bool = False
    files_anonymous_upload: bool = False
    files_max_bytes: Bytes = 104_857_600
    # DM-CFG-03
    socket_spelling: Literal["1x", "2x"] = "1x"
    socket_allow_eio4: bool = True
    socket_ping_interval_ms: Milliseconds = 25_000
    socket_ping_timeout_ms: Milliseconds = 60_000
    socket_lenient_token: bool = False
    socket_enforce_limits: bool = False
    socket_queue_bytes: Bytes = 4 * 1024 * 1024  # the mock's own: a slow reader is closed beyond this
