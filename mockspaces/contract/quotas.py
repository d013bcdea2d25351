"""Which calls are limited how often, as the vendor's guide tells (LIM-01); the numbers are in `limits`."""

from typing import Literal

import msgspec

from mockspaces.contract.limits import Limits


class Quota(msgspec.Struct, frozen=True):
    """So many calls in so many seconds, counted per user or per client address."""

    name: str
    calls: str
    interval_s: str
    per: Literal["user", "address"] = "user"

    def numbers(self, limits: Limits) -> tuple[int, int]:
        """Return calls and seconds as this deployment has them."""
        return getattr(limits, self.calls), getattr(limits, self.interval_s)


OVERALL = Quota("rest", "rest_calls", "rest_interval_s")  # D
OF_ENDPOINT = {
    "SPACES-INVITE": (
        Quota("invite", "invite_calls", "invite_interval_s"),  # D
        Quota("invite", "invite_calls_per_address", "invite_interval_s", "address"),  # D
    ),
    "FILES-UP": (Quota("getuploadurl", "upload_calls", "upload_interval_s"),),  # D
    "USERS-READ": (Quota("markread", "markread_calls", "markread_interval_s"),),  # "lower" D, numbers A
}


SOCKET = Quota("socket", "socket_calls", "socket_interval_s")  # D


def of(endpoint: str) -> tuple[Quota, ...]:
    """Return the quotas of an endpoint: all calls together, and its own; every other resource counts alone."""
    own = OF_ENDPOINT.get(endpoint) or (Quota(endpoint, "resource_calls", "resource_interval_s"),)
    return (OVERALL, *own)
