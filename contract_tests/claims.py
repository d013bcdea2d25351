"""Claims: what tests are made of, and what verdicts count.

A test cites statements of the catalogue and shows them by claims, each a block around what is sent and compared:

    with claim("AUTH-SVC-09", "exp 3601 s ahead is refused"):
        refused(call(cloud, token), 401, INVALID)

On our own mock a claim changes nothing: a difference fails the test where it stands. The run on the mock knows all
claims of a statement. On another target a difference is laid to its claim alone, and the test goes on. What is no
difference (a need that the profile does not serve, a 5xx or 429, a broken connection, a step that fails) leaves the
claim, or all claims that would follow, *not tried*. A claim is known by its test with parameters, its id and its text;
so a text must be the same in every run: no id or time of the target may be in it.
"""

import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple, Protocol, Self

import httpx
from websockets.exceptions import ConnectionClosed

Kind = Literal["documented", "assumed", "plain"]
Exchanged = dict[str, Any]  # one side of an exchange: URL or status, headers, body
State = Literal["held", "differs", "not tried"]
READING = (AssertionError, LookupError, TypeError, ValueError, AttributeError)  # what an unexpected answer leads to
READERS = ("httpx", "json")  # libraries by their folders
TOO_MANY = 429


class Same(Protocol):
    """Anything that can be compared with ``==``, a plain value or a `kit.Like`."""


@dataclass(frozen=True)
class Need:
    """Something that a claim needs of its target, beyond URLs of accounts and REST API.

    ``kind`` is one of ``app``, ``person``, ``client``, ``own client``, ``browser``, ``url``, ``control``, ``mock``;
    ``number`` counts apps and clients that must be different ones.
    """

    kind: str
    name: str = ""
    scopes: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    number: int = 1

    def __str__(self) -> str:
        match self.kind:
            case "app":
                which = {1: "a", 2: "a second", 3: "a third"}.get(self.number, "one more")
                wanted = f" with {', '.join(self.scopes)}" if self.scopes else ""
                return f"{which} service app of {self.name}{wanted}" + (
                    f" that lacks {', '.join(self.lacks)}" if self.lacks else ""
                )
            case "person":
                name, _at, domain = self.name.partition("@")  # an address would be redacted in reports
                return f"a person in the part of {name} ({domain})"
            case "client":
                return "an OAuth client with the password grant" if self.number == 1 else "a second OAuth client"
            case "own client":
                return "an OAuth client registered for this test"
            case "browser":
                return "a person at the browser"
            case "url":
                return f"a URL for {self.name}"
            case "control":
                return "the control API of a mock"
            case _:
                return f"a mock: {self.name}"


class NotTried(Exception):
    """A claim cannot be tried on this target; the message says why. ``need`` is what the profile does not serve."""

    def __init__(self, reason: str, need: Need | None = None) -> None:
        super().__init__(reason)
        self.need = need


class Difference(NamedTuple):
    """Something that another target does otherwise."""

    actual: object
    wanted: object
    note: str
    kind: Kind


class Differs(AssertionError):
    """A comparison failed."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(difference.note or f"{difference.actual!r} is not {difference.wanted!r}")
        self.difference = difference


@dataclass
class Claim:
    """What became of one claim. ``exchanges`` are positions in those of its test.

    ``aside``: a helper looked at something that other claims are about; it counts only if it differs.
    """

    id: str
    text: str
    state: State = "held"
    kind: Kind | None = None
    reason: str = ""
    refusal: bool = False
    aside: bool = False
    differences: list[Difference] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    exchanges: list[int] = field(default_factory=list)

    @property
    def extra(self) -> bool:
        """Whether nothing but a mock can show it: it does not count against a service."""
        return any(one.kind in ("control", "mock", "own client") for one in self.needs)


class Book:
    """The claims of the test that runs."""

    def __init__(self) -> None:
        self.lenient = False  # another target than our own mock: differences are recorded
        self.keep: Callable[[Exchanged, Exchanged], int] = lambda _request, _response: 0  # where exchanges go
        self.begin()

    def begin(self, *, repeats: bool = False) -> None:
        """Begin a test; one that ``repeats`` makes a claim often."""
        self.repeats = repeats
        self.claims: list[Claim] = []
        self.needs: list[Need] = []
        self.stopped = ""
        self.open: claim | None = None
        self.troubled = False  # something showed that the target is broken, or gone
        self.last: tuple[list[int], bool] = ([], False)  # the newest exchange, and whether it was a refusal

    def need(self, need: Need) -> None:
        """Note what the claims from now on need."""
        if need not in self.needs:
            self.needs.append(need)

    def exchanged(self, position: int, *, refusal: bool) -> None:
        """Note an exchange, by its position in those of the test."""
        self.last = ([position], refusal)
        if self.open is not None:
            self.open.exchanges.append(position)
            self.open.refusal |= refusal

    def answered(self, response: httpx.Response, position: int) -> None:
        """Note an answer. Raises `NotTried` for one that shows nothing but that another target is broken or busy."""
        response.extensions["exchange"] = position
        self.exchanged(position, refusal=is_refusal(response))
        called = f"{response.request.method} {response.request.url.path}"
        self.works(response.status_code, called)
        is_page = response.is_success and response.text.lstrip()[:9].lower().startswith(("<!doctype", "<html"))
        if self.lenient and is_page and response.request.url.path.startswith("/api/"):
            self.troubled = True
            raise NotTried(f"something answered a page instead of JSON on {called}")

    def expects(self, status: int) -> bool:
        """Whether the claim that is open is about a status that otherwise shows a busy or broken target."""
        return self.open is not None and status in self.open.allows

    def works(self, status: int, called: str) -> None:
        """Raise `NotTried` for a status that shows nothing but that another target is broken or busy."""
        if not self.lenient or self.expects(status):
            return
        if status == TOO_MANY:
            raise NotTried(f"the target was busy ({TOO_MANY}) on {called}")
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            self.troubled = True
            raise NotTried(f"the target broke ({status}) on {called}")

    def add(self, made: Claim) -> None:
        """Keep a claim. A second one of the same words counts as one if the test repeats itself."""
        same = [one for one in self.claims if (one.id, one.text) == (made.id, made.text)]
        if not same:
            self.claims.append(made)
            return
        if not (self.repeats or made.aside or self.lenient):
            raise RuntimeError(f'"{made.text}" is claimed twice of {made.id}: say what is different')
        worst = ("differs", "not tried", "held")
        if worst.index(made.state) < worst.index(same[0].state):
            self.claims[self.claims.index(same[0])] = made
        same[0].refusal |= made.refusal

    def compares(self) -> None:
        """Raise if a test compares outside of any claim."""
        if self.open is None:
            raise RuntimeError("expect and observe belong inside a claim")


book = Book()


def is_refusal(response: httpx.Response) -> bool:
    """Whether an answer refuses something: 4xx, or a redirect that carries an error."""
    if response.is_redirect:
        return re.search(r"[?&#]error=", response.headers.get("location", "")) is not None
    return response.is_client_error


class claim:  # noqa: N801 - reads as a statement of the test
    """A block that shows one statement: ``claim(id, text)``, or ``claim(id, id, text)`` if they cannot be told apart.

    What is compared should be sent inside. A block that sends nothing is about the newest answer, or those that
    ``about`` names. ``allows`` are statuses 5xx or 429 that the claim is about.
    """

    def __init__(self, *ids_and_text: str, about: Sequence[httpx.Response] = (), allows: Sequence[int] = ()) -> None:
        *self.ids, self.text = ids_and_text
        if not self.ids:
            raise RuntimeError("a claim has an id and a text")
        self.about = about
        self.allows = allows
        self.exchanges: list[int] = []
        self.refusal = False
        self.differences: list[Difference] = []

    def __enter__(self) -> Self:
        if book.open is not None:
            raise RuntimeError(f'"{self.text}" is claimed inside of "{book.open.text}"')
        for answer in self.about:
            if "exchange" in answer.extensions:  # answers of the control API are kept nowhere
                self.exchanges.append(answer.extensions["exchange"])
            self.refusal |= is_refusal(answer)
        book.open = self
        return self

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        book.open = None
        if not book.lenient:
            if error is None:
                self._keep("held")
            return False
        if error is None:
            self._keep("differs" if self.differences else "held")
            return False
        if not isinstance(error, Exception) or type(error).__module__.startswith("hypothesis"):
            return False  # an interrupt, a skip, an example that is none
        if is_difference(error):
            self.differences.append(difference(error))
            self._keep("differs")
        elif self.differences:
            self._keep("differs")
        else:
            self._keep("not tried", why(error))
        if is_broken_connection(error):
            raise NotTried(why(error)) from error  # each claim that follows would wait for its own timeout
        return True

    def saw_refusal(self) -> None:
        """Say that something was refused, where neither a status nor a frame tells: within a 200, say."""
        self.refusal = True

    def _keep(self, state: State, reason: str = "") -> None:
        exchanges, refusal = (self.exchanges, self.refusal) if self.exchanges else book.last
        refusal |= self.refusal
        for name in self.ids:
            made = Claim(name, self.text, state, worst(self.differences), reason, refusal)
            made.differences, made.needs, made.exchanges = self.differences, list(book.needs), list(exchanges)
            book.add(made)


def worst(differences: Sequence[Difference]) -> Kind | None:
    """Return the kind of difference that decides: what is documented, what nobody said, what is assumed."""
    kinds = [one.kind for one in differences]
    return next((kind for kind in ("documented", "plain", "assumed") if kind in kinds), None)


def is_difference(error: BaseException) -> bool:
    """Whether an error of a claim tells of the answer: a failed comparison, or what a test could not read in it.

    The same error out of a library or a helper tells of neither, but for those that read an answer: a header that is
    not there, a body that is no JSON.
    """
    if isinstance(error, AssertionError):
        return True
    if isinstance(error, ConnectionClosed):  # by a close frame the target says so itself, without one it is broken
        return error.rcvd is not None
    files = [Path(frame.f_code.co_filename) for frame, _line in traceback.walk_tb(error.__traceback__)]
    where = [file.name for file in files if file.parent.name not in READERS]
    return isinstance(error, READING) and bool(where) and where[-1].startswith("test_")


def difference(error: BaseException) -> Difference:
    """Return an error of a claim as a difference."""
    if isinstance(error, Differs):
        return error.difference
    lacks = isinstance(error, LookupError)
    note = f"the answer lacks {error}" if lacks else str(error).partition("\n")[0] or type(error).__name__
    return Difference("", "", note, "plain")


def is_broken_connection(error: BaseException) -> bool:
    """Whether the target could not be reached, or broke off."""
    return isinstance(error, httpx.TransportError | OSError) and not isinstance(error, AssertionError)


def why(error: BaseException) -> str:
    """Return in one line why a claim could not be tried."""
    said = str(error).partition("\n")[0]
    if isinstance(error, NotTried):
        return said
    if isinstance(error, NameError):
        return f"an earlier claim did not give what this one needs ({said})"
    if is_broken_connection(error):
        book.troubled = True
        return f"no connection: {said or type(error).__name__}"
    return f"a step failed: {type(error).__name__}: {said}"


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say of a block, or as decorator of a helper, that nothing in it is claimed: ``step("create a space")``.

    If it fails on another target, what follows is not tried.
    """
    try:
        yield
    except READING as error:
        if not book.lenient:
            raise
        raise NotTried(f"could not {what}: {str(error).partition(chr(10))[0] or type(error).__name__}") from error


def expect(actual: object, wanted: Same, note: str = "") -> None:
    """Assert what is documented or seen (evidence D or C): a difference contradicts, and ends its claim."""
    book.compares()
    if actual != wanted:
        raise Differs(Difference(actual, wanted, note, "documented"))


def observe(actual: object, wanted: Same, note: str = "") -> None:
    """Assert what we assume (evidence A): a difference fails on our own mock, and is recorded elsewhere."""
    book.compares()
    if actual == wanted:
        return
    found = Difference(actual, wanted, note, "assumed")
    if book.open is None or not book.lenient:
        raise Differs(found)
    book.open.differences.append(found)


def aside(actual: object, wanted: Same, note: str = "", *, of: str, documented: bool = False) -> None:
    """Assert something that a helper looks at for many tests, and that the tests of ``of`` are about.

    On our own mock a difference fails; elsewhere it is laid to that one statement, and the claim goes on.
    """
    if actual == wanted:
        return
    found = Difference(actual, wanted, note, "documented" if documented else "assumed")
    if not book.lenient:
        raise Differs(found)
    text = f"{note or 'what helpers see'} ({wanted!r})"
    book.add(Claim(of, text, "differs", found.kind, aside=True, differences=[found], exchanges=book.last[0]))
