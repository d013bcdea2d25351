"""Every answer and event of every world in this process is held against the shape that its row names.

A test fails whose answers or events have a member that is not declared, lack one that is, or have null where it is not
declared; or whose answers have another status or media type. Which optional members came and which were missing is
counted: a run of the whole contract suite fails if one of them never did one of both, unless `UNSEEN` says why.
"""

import json
from collections.abc import Iterable

import msgspec
import pytest
from starlette.responses import Response

from mockspaces.app import App
from mockspaces.asgi.answer import Parts
from mockspaces.asgi.exchange import Exchange, Planned
from mockspaces.asgi.surface import Surface
from mockspaces.contract import Contract, events, oauth_errors, refusals
from mockspaces.contract.rows import Endpoint
from mockspaces.contract.shapes import ANSWERS, PAYLOADS
from mockspaces.contract.shapes.checks import Checker
from mockspaces.contract.shapes.schemas import Schemas
from mockspaces.realtime.hub import Hub, Told

EVENTS = {row.id: row.payload for row in events.ROWS if row.by == "server"}
JSON = "application/json"
NOT_MODIFIED, BAD = 304, 400
# Refusals that are no JSON, by surface.
OTHERS = {"storage": "application/xml", "web": "text/html", "accounts": "text/html"}

Member = tuple[str, str]  # the shape and the name

# Optional members that no test sees, or misses, and why.
UNSEEN: dict[Member, str] = {}


class Shapes:
    """The schemas of all answers under the changes of one overlay, and what was seen of them."""

    def __init__(self, contract: Contract) -> None:
        """Make the schemas."""
        schemas = Schemas(contract.shapes)
        self.answers = {name: schemas.of(kind) for name, kind in ANSWERS.items()}
        self.payloads = {name: schemas.of(PAYLOADS[payload]) for name, payload in EVENTS.items()}
        self.parts = schemas.parts
        self.checker = Checker(schemas.parts)


class Shaped:
    """Checks the answers of all applications of this process; ``problems`` are those that no test has heard of."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        """Check every answer from now on."""
        self.problems: list[str] = []
        self.checked = 0
        self._shapes: dict[bytes, Shapes] = {}
        answer = App._answer

        async def checked(app: App, surface: Surface, exchange: Exchange) -> Response:
            response = await answer(app, surface, exchange)
            if not isinstance(response, Planned):
                self.problems += self._problems(surface.name, exchange, response)
            return response

        patch.setattr(App, "_answer", checked)
        sent = Hub.sent

        def checked_event(hub: Hub, name: str, payload: Told) -> object:
            told = sent(hub, name, payload)
            found = self._shapes_of(hub.world.contract)
            schema = found.payloads[name]
            payload_sent = json.loads(json.dumps(told, default=repr))  # what is binary goes by itself
            self.checked += 1
            self.problems += [f"{name}: {problem}" for problem in found.checker.problems(payload_sent, schema)]
            return told

        patch.setattr(Hub, "sent", checked_event)

    @property
    def counted(self) -> Checker:
        """What has counted the optional members of answers that no overlay changed."""
        return self._shapes_of(Contract.shipped()).checker

    def _problems(self, surface: str, exchange: Exchange, response: Response) -> Iterable[str]:
        status = response.status_code
        if status == NOT_MODIFIED or exchange.method == "OPTIONS":
            return
        row = exchange.world.contract.endpoints.get(exchange.endpoint or "")
        told = f"{exchange.endpoint or exchange.path} answers {status}"
        if status < BAD and row is not None and status not in row.statuses:
            yield f"{told}, which the row does not name"
            return
        if status >= BAD and exchange.code and row is not None and not exchange.attempt.met_fault:
            words = oauth_errors.IN_WORDS_OF_OAUTH if surface == "accounts" else {}
            if (code := words.get(exchange.code, exchange.code)) not in refusals.of(row):
                yield f"{told} by {code}, which contract/refusals.py does not name"
        shape, other = _refusal(surface, exchange, row) if status >= BAD else _done(row, status)
        media_type = (response.headers.get("content-type") or "").partition(";")[0]
        if not shape:
            if other and response.body and other not in (media_type, "*/*"):
                yield f"{told} as {media_type}, not {other}"
        elif media_type != JSON:
            yield f"{told} as {media_type}, not as JSON of shape {shape!r}"
        else:
            self.checked += 1
            found = self._shapes_of(exchange.world.contract)
            body = b"".join(response.parts) if isinstance(response, Parts) else response.body
            for problem in found.checker.problems(msgspec.json.decode(body), found.answers[shape]):
                yield f"{told}: {problem}"

    def _shapes_of(self, contract: Contract) -> Shapes:
        key = msgspec.json.encode(contract.shapes)
        if key not in self._shapes:
            self._shapes[key] = Shapes(contract)
        return self._shapes[key]


def _refusal(surface: str, exchange: Exchange, row: Endpoint | None) -> tuple[str, str]:
    """Return shape and media type of a refusal."""
    styles = {"rest": "error", "control": "control error"}
    if row is not None and row.refusals == "object":
        styles["accounts"] = f"{exchange.world.settings.accounts_error_style} error"
    return styles.get(surface, ""), OTHERS.get(surface, "")


def _done(row: Endpoint | None, status: int) -> tuple[str, str]:
    """Return shape and media type of an answer; what is no call of the emulated service has none."""
    if row is None or (row.answer and status != row.statuses[0]):
        return "", ""
    return row.answer, row.media_type


def optional_members() -> set[Member]:
    """Return every optional member that an answer may have, by shape and name."""
    parts = Shapes(Contract.shipped()).parts.values()
    return {(one["title"], name) for one in parts for name in one["properties"] if name not in one["required"]}


def unjudged(seen: set[Member], missed: set[Member]) -> list[str]:
    """Return what a run of the whole suite should have shown of optional members, and what `UNSEEN` need not name."""
    expected = optional_members()
    never = dict.fromkeys(expected - seen, "never came") | dict.fromkeys(expected & seen - missed, "never was missing")
    told = [f"{'.'.join(one)} {what}" for one, what in sorted(never.items()) if one not in UNSEEN]
    return [
        *told,
        *(f"{'.'.join(one)} came and was missing, and needs no reason" for one in UNSEEN if one not in never),
    ]
