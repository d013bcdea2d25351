"""One exchange, as judges and rules see it."""

from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from mockspaces.traffic.archives import Message
from mockspaces.traffic.matching import Call

FORM_TYPES = ("application/x-www-form-urlencoded",)


class Exchange(NamedTuple):
    """One exchange as rules see it.

    ``at`` is when it was, in seconds since 1970, 0 if that is not known; ``whole`` that its archive holds credentials.
    """

    call: Call
    request: Message
    response: Message
    status: int
    body: Any = None  # the answer's JSON; `msgspec.UNSET` where there is none to read
    at: float = 0.0
    whole: bool = False

    @property
    def row(self) -> str:
        """The id of the row, "" if there is none."""
        return self.call.row.id if self.call.row else ""

    @property
    def code(self) -> Any:
        """The code of a refusal, in any style."""
        return code_of(self.body)

    def parameter(self, name: str) -> str | None:
        """Return a parameter of the query, the last one if it is repeated."""
        return dict(self.call.place.query).get(name)

    @property
    def form(self) -> list[tuple[str, str]]:
        """The form that was sent, nothing if it was none."""
        if self.request.media_type not in FORM_TYPES or not self.request.body:
            return []
        return parse_qsl(self.request.body.decode("utf-8", "replace"), keep_blank_values=True)

    @property
    def sent(self) -> Any:
        """The JSON that was sent; `msgspec.UNSET` where it was none."""
        return json_of(self.request)


def code_of(body: Any) -> Any:
    """Return the code of a refusal of the REST API, or of the identity server in either style."""
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    return error.get("code") if isinstance(error, dict) else body.get("code", error)


def json_of(message: Message) -> Any:
    """Return a body as JSON; `msgspec.UNSET` where it is none, or is not there."""
    try:
        return msgspec.json.decode(message.body or b"")
    except (ValueError, msgspec.DecodeError, RecursionError):
        return msgspec.UNSET
