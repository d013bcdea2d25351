"""Configuration of a server process; environment and command line map onto it one to one."""

import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from mockspaces.contract.hosts import Deployment

_URL = re.compile(r"https?://[^/?#\s@]+(/[^?#\s]*)?")
DEFAULT_HOST, DEFAULT_PORT, DEFAULT_TLS_PORT = "localhost", 8080, 8443
LOOPBACK = ("127.0.0.1", "::1")  # what the default host stands for, of which some machines have only the first
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


def url_of(host: str, port: int, scheme: str = "http") -> str:
    """Return the URL of a listener; one on all addresses, or on both loopback addresses, is reached on the loopback."""
    shown = LOOPBACK[0] if host in (*ANY_ADDRESS, DEFAULT_HOST) else host
    return f"{scheme}://[{shown}]:{port}" if ":" in shown else f"{scheme}://{shown}:{port}"


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a server runs. Every member is also ``--name`` and ``MOCKSPACES_NAME``.

    ``seed`` is ``demo``, ``empty`` or the path of a seed document; ``overlay`` the path of a contract overlay;
    ``public_url`` the URL under which clients reach the default world if it is not ``http://host:port``;
    ``random_seed`` makes ids and tokens reproducible; ``world_ports`` names ports that worlds are put on
    (``8081-8096``), else the system picks them.

    ``tls`` adds an HTTPS port, ``tls_port``, for the default world: with a certificate by a throw-away CA, which is
    written to ``ca_file``, or with ``tls_cert`` and ``tls_key``. ``vendor_hosts`` names the deployment whose host
    names the default world hands out as its own (``https://accounts.avayacloud.com``), for clients that have them
    compiled in and reach the mock by them.

    ``log`` names what makes all worlds outlive the process: ``sqlite:///data/mock.db`` is the file ``/data/mock.db``,
    ``redis://host:6379/0`` a Redis, where keys begin with ``log_prefix`` and a colon. One without an append-only file,
    or that evicts keys, is refused unless the log may be lost (``log_volatile``).

    ``workers`` is how many processes `mockspaces serve` starts, which share the port and a log in Redis; a server that
    is made from Python is one of them.

    ``record`` is the path of an HTTP archive that is written anew and gets every exchange and socket frame, with
    ``record_control`` also the calls of the control API.
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
    vendor_hosts: Deployment | None = None
    tls: bool = False
    tls_port: int = DEFAULT_TLS_PORT
    tls_cert: str | None = None
    tls_key: str | None = None
    ca_file: str | None = None
    log: str = "none"
    log_prefix: str = "mockspaces"
    log_password: str | None = None
    log_volatile: bool = False
    workers: int = 1
    record: str | None = None
    record_control: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    log_format: Literal["lines", "json"] = "lines"

    def __post_init__(self) -> None:
        """Refuse members that cannot go together, a public URL that is none, and a host that would mean all of them."""
        public, several, redis = self.public_url, self.workers > 1, self.log.startswith("redis")
        for wrong, why in (
            (not self.host.strip(), "--host: expected an address or a name; 0.0.0.0 and :: are all addresses"),
            (
                public is not None and not _URL.fullmatch(public),
                f'--public-url: expected a URL as in http://mock:8080, not "{public}"',
            ),
            (
                not self.tls and (self.tls_cert or self.tls_key or self.ca_file),
                "--tls-cert, --tls-key and --ca-file need --tls",
            ),
            (
                (self.log_password or self.log_volatile) and not redis,
                "--log-password and --log-volatile need --log redis://...",
            ),
            (not self.log_prefix.strip(), "--log-prefix: expected what keys begin with, as in mockspaces"),
            (self.workers < 1, "--workers: expected how many processes serve, one or more"),
            (several and not redis, "--workers needs --log redis://..., where the workers share what they know"),
            (
                several and self.random_seed is not None,
                "--random-seed is for one process: several workers draw ids in no certain order",
            ),
            (several and self.record, "--record is for one process: several workers cannot write one archive"),
            (self.record_control and not self.record, "--record-control needs --record"),
            (self.tls_key and not self.tls_cert, "--tls-key needs --tls-cert"),
            (
                self.tls_cert and self.ca_file,
                "--ca-file is for the throw-away CA, and --tls-cert stands in its place",
            ),
        ):
            if wrong:
                raise ValueError(why)
        if public is not None:
            msgspec.structs.force_setattr(self, "public_url", public.rstrip("/"))

    @property
    def public_host(self) -> str | None:
        """The host of the public URL, None without one."""
        return urlsplit(self.public_url or "").hostname
