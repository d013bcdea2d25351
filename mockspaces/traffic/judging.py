"""Holds exchanges against rows and shapes, and notes what they show of the statements.

Nothing is judged that is not there: an exchange without an answer, a body that the archive does not hold, an answer of
a service in trouble (5xx, 429), or of a mock that was told to answer otherwise. What a client did wrong is no
difference: a call is judged by its answer.
"""

from http import HTTPStatus
from itertools import chain
from typing import Any

import msgspec

from mockspaces.contract import Contract, queries
from mockspaces.contract.behaviours import catalogue
from mockspaces.contract.errors import ROUTE_NOT_FOUND, WORLD_NOT_FOUND
from mockspaces.contract.rows import Endpoint
from mockspaces.contract.shapes import ANSWERS, by_name
from mockspaces.contract.shapes.checks import Checker, Problem
from mockspaces.contract.shapes.schemas import Schema, Schemas
from mockspaces.traffic import contradictions, credentials, forms, rules
from mockspaces.traffic.archives import Entry, Message, answered, asked, moment
from mockspaces.traffic.exchanges import Exchange, json_of
from mockspaces.traffic.findings import Difference, Findings, Source
from mockspaces.traffic.frames import Talk, sources, wholes
from mockspaces.traffic.matching import Matcher
from mockspaces.traffic.worlds import Worlds

JSON = "application/json"
ERRORS = 400
REDIRECT = 300
TOKENS = {"id_token": "IdTokenClaims", "user": "UserJwtClaims", "anonymous": "AnonymousJwtClaims"}
# Members of answers that are JWTs, by the word of the answer.
TOKEN_MEMBERS = {"tokens": "id_token", "user token": "token", "guest token": "token"}
STYLES = ("vendor error", "rfc6749 error")


class Judge:
    """Judges entries, one after the other; what it finds is in ``findings``."""

    def __init__(self, contract: Contract, matcher: Matcher) -> None:
        """Have seen nothing."""
        self.contract = contract
        self.findings = Findings()
        self._matcher = matcher
        self._worlds = Worlds()
        self._whole = False
        schemas = Schemas(contract.shapes)
        self._answers: dict[str, Schema] = {name: schemas.of(kind) for name, kind in ANSWERS.items()}
        self._claims = {kind: schemas.of(by_name()[name]) for kind, name in TOKENS.items()}
        self._talk = Talk(contract, schemas, self.findings)
        self._parts = schemas.parts
        self._sources = sources()
        self._refusals = {(row.status, row.code) for row in contract.errors.values()}

    def begin(self) -> None:
        """Begin another archive."""
        self._worlds = Worlds()
        self._whole = False

    def judge(self, number: int, entry: Entry | None) -> None:
        """Judge one entry; None is one that was too large to be read."""
        counts = self.findings.counts
        counts["entries"] += 1
        if entry is None:
            counts["too large to be read"] += 1
            return
        if entry.unreadable:
            counts["with bytes that are no text"] += 1
            if not entry.request.url:
                return
        place = self._matcher.place(entry.request.url)
        if place is None:
            counts["of other hosts"] += 1
            self._worlds.follow(entry)
            return
        if self._worlds.is_misled(entry):
            counts["of a mock that was told to answer otherwise"] += 1
            return
        source = Source(number=number, host=place.host, date=entry.started[:10])
        self.findings.hosts[place.host] += 1
        call = self._matcher.call(entry.request.method.upper(), place)
        if place.side == "socket":
            counts["of sockets"] += 1
            self._talk.take(entry, call, source)
            return
        status = entry.response.status
        if status <= 0:
            counts["without an answer"] += 1
            return
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            counts["of a service in trouble"] += 1
            return
        response = answered(entry)
        whole = self._credential(asked(entry))
        exchange = Exchange(call, asked(entry), response, status, json_of(response), moment(entry.started), whole)
        if exchange.code == WORLD_NOT_FOUND:
            counts["of no world of a mock"] += 1
            return
        counts["judged"] += 1
        self._exchange(exchange, source)

    def _exchange(self, exchange: Exchange, source: Source) -> None:
        if exchange.call.method == "OPTIONS":
            fits = True
        elif exchange.call.row is None:
            fits = self._unknown(exchange, source)
        elif exchange.status < ERRORS:
            self._request(exchange)
            fits = self._done(exchange, exchange.call.row, source)
        else:
            fits = self._refused(exchange, source)
        if fits and exchange.call.row is not None and exchange.status < REDIRECT:
            for statement in rules.ANSWERED.get(exchange.row, ()):
                self.findings.show(statement, f"answer of {exchange.row}", source)
        for rule in chain(rules.applying(exchange), contradictions.applying(exchange)):
            held = rule.test(exchange)
            if held is None:
                continue
            if held:
                self.findings.show(rule.statement, rule.text, source, refused=exchange.status >= ERRORS)
            else:
                self._differ(exchange, source, Problem(f"not so: {rule.text}"), (rule.statement,))

    def _credential(self, request: Message) -> bool:
        """Count the credential of a request; return whether the archive has any: browsers leave all of them out."""
        header = request.header("authorization")
        if header:
            scheme, _, text = header.partition(" ")
            self.findings.credentials[credentials.described(scheme, text.strip())] += 1
        self._whole |= bool(header)
        return self._whole

    def _unknown(self, exchange: Exchange, source: Source) -> bool:
        """Judge a call that no row has: the service must not know it either."""
        if exchange.status < ERRORS:
            allow = f", only {exchange.call.allow}" if exchange.call.allow else ""
            place = exchange.call.place
            named = place.side == "rest" and contradictions.UNSERVED.search(place.path)
            statements = ("MISC-INT-02",) if named else ()
            problem = Problem(f"answers {exchange.status}; no row has this call{allow}")
            self._differ(exchange, source, problem, statements)
            return False
        return True

    def _request(self, exchange: Exchange) -> None:
        """Remark on parameters of a call that was carried out, which no row has: the service ignores or knows them."""
        known = {one.name for one in queries.ROWS.get(exchange.row, ())}
        for name, _value in exchange.call.place.query:
            if name not in known and name.replace("_", "").isalpha():
                self.findings.remarks[f"{exchange.call.text} was asked with {name}, which no row has"] += 1

    def _done(self, exchange: Exchange, row: Endpoint, source: Source) -> bool:
        status = exchange.status
        if status == HTTPStatus.NOT_MODIFIED:
            return True
        if status not in row.statuses:
            problem = Problem(f"answers {status}, which the row does not name")
            self._differ(exchange, source, problem, rules.OF_CALL.get(row.id, ()))
            return False
        if row.answer and status == row.statuses[0]:
            return self._shaped(exchange, row.answer, source)
        if row.media_type and exchange.response.body:
            return self._typed(exchange, row.media_type, source)
        return True

    def _refused(self, exchange: Exchange, source: Source) -> bool:
        side = exchange.call.place.side
        row = exchange.call.row
        if exchange.call.method == "HEAD":
            return True
        if side == "accounts" and row is not None and row.refusals == "object":
            error = exchange.body.get("error") if isinstance(exchange.body, dict) else None
            shape = STYLES[isinstance(error, str)]
        elif side == "rest":
            shape = "error"
        else:
            return True  # pages and XML
        if not self._shaped(exchange, shape, source):
            return False
        found = (exchange.status, exchange.code)
        if found not in self._refusals and found[1] != ROUTE_NOT_FOUND:
            told = forms.code(exchange.code)
            problem = Problem(f"is refused with {exchange.status} {told}, which no row of errors has")
            statement = "ACC-ERR-05" if side == "accounts" else "ERR-STD-01"
            self._differ(exchange, source, problem, (statement,), codes=(exchange.status, told))
            return False
        self.findings.refusals.add(found)
        return True

    def _typed(self, exchange: Exchange, wanted: str, source: Source) -> bool:
        found = exchange.response.media_type
        if wanted in (found, "*/*"):
            return True
        told = found if found in ("text/html", "text/plain", JSON, "application/xml", "") else "another type"
        self._differ(exchange, source, Problem(f"answers {exchange.status} as {told or 'no type'}, not {wanted}"))
        return False

    def _shaped(self, exchange: Exchange, shape: str, source: Source) -> bool:
        """Hold the body of an answer against a shape."""
        if exchange.call.method == "HEAD":
            return False
        if exchange.response.body is None:
            self.findings.counts["without the whole body"] += 1
            return False
        if exchange.response.media_type and not self._typed(exchange, JSON, source):
            return False
        if exchange.body is msgspec.UNSET:
            self._differ(exchange, source, Problem(f"answers {exchange.status} with a body that is no JSON"))
            return False
        first = f"{exchange.row}-01"  # what is said of a call as a whole
        of_call = (first,) if first in catalogue() and exchange.status < ERRORS else ()
        call, status = exchange.call.text, exchange.status
        fits = self._held(exchange.body, self._answers[shape], call, status, source, of_call)
        member = TOKEN_MEMBERS.get(shape)
        if member and isinstance(exchange.body, dict) and isinstance(exchange.body.get(member), str):
            found = credentials.token(exchange.body[member])
            if found is not None and found.kind in self._claims:
                self.findings.credentials[f"issued: {credentials.described('jwt', exchange.body[member])}"] += 1
                text = f"{found.kind} token of {call}"
                fits &= self._held(found.claims, self._claims[found.kind], text, status, source)
        return fits

    def _held(
        self, value: Any, schema: Schema, call: str, status: int, source: Source, of_call: tuple[str, ...] = ()
    ) -> bool:
        checker = Checker(self._parts, forms.form)
        problems = checker.differences(value, schema)
        laid(self.findings, self._sources, problems, call, source, of_call)
        refused = status >= ERRORS
        for shape, member in checker.fitting:
            for statement in self._sources.get((shape, member), ()):
                self.findings.show(statement, f"{shape}.{member}", source, refused=refused)
        return not problems

    def _differ(
        self,
        exchange: Exchange,
        source: Source,
        problem: Problem,
        statements: tuple[str, ...] = (),
        *,
        place: str = "",
        codes: tuple[int, str] | None = None,
    ) -> None:
        difference = Difference(
            call=exchange.call.text, what=problem.text, statements=statements, place=place or exchange.row, codes=codes
        )
        self.findings.differ(source, difference)


def laid(
    findings: Findings,
    sources: dict[tuple[str, str], tuple[str, ...]],
    problems: list[Problem],
    call: str,
    source: Source,
    of_call: tuple[str, ...] = (),
) -> None:
    """Take the problems of a value in, each laid to the statements of its member, or of the whole."""
    for problem in problems:
        place = ".".join(filter(None, (problem.shape, problem.member)))
        about = sources.get((problem.shape, problem.member), ())
        statements = about if problem.member else wholes().get(problem.shape) or of_call
        text = forms.numberless(problem.text)
        findings.differ(source, Difference(call=call, what=text, place=place, statements=statements))
