"""Configuration of a server process; environment and command line map onto it one to one."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8080


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a server runs. Every member is also ``--name`` and ``MOCKSPACES_NAME``.

    ``seed`` is ``demo``, ``empty`` or the path of a seed document; ``overlay`` the path of a contract overlay;
    ``public_url`` the URL under which clients reach the default world if it is not ``http://host:port``;
    ``random_seed`` makes ids and tokens reproducible; ``world_ports`` names ports that worlds are put on
    (``8081-8096``), else the system picks them.
    """

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    seed: str = "demo"
    overlay: str | None = None
    settings: Mapping[str, Any] = {}
    random_seed: str | None = None
    control_token: str | None = None
    world_ports: str | None = None
    max_worlds: int = 1000
    public_url: str | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
