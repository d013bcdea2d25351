"""The end of a process: SIGTERM ends it with code 0 within a second, whatever its connections are doing."""

import json
import math
import signal
import ssl
import time
from collections.abc import Callable

import pytest

from mockspaces.client import Mockspaces
from tests.conftest import Serve, Served
from tests.server.conftest import Connect, Raw
from tests.server.test_websockets import PATH, STATES, handshake, text

pytestmark = pytest.mark.slow

WITHIN_S = 1
SOCKETS = 2000
ATTEMPTS = 3  # what counts is the best one: the machine may be busy
PEOPLE = 16_000
PERSON = "cleo@example.com"


def get(path: str) -> bytes:
    """Return a request without a body."""
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def post(path: str, body: object, *, token: str = "", missing: int = 0) -> bytes:
    """Return a request with a body of JSON, of which the last bytes may be missing."""
    sent = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: x", "Content-Type: application/json", f"Content-Length: {len(sent)}"]
    lines += [f"Authorization: bearer {token}"] if token else []
    return "\r\n".join([*lines, "", ""]).encode() + sent[: len(sent) - missing]


def people() -> dict[str, object]:
    """Return a large seed."""
    return {"users": [{"username": f"u{number}@example.com"} for number in range(PEOPLE)]}


def socket_path(mock: Mockspaces) -> bytes:
    """Return where a person's socket connects."""
    return PATH + b"&tokenType=oauth&token=" + mock.token(PERSON).encode()


def whatever_connections_do(mock: Mockspaces, connect: Connect) -> None:
    """Every state of one connection, in one process."""
    for sent in STATES.values():
        connect(sent)


def unread_answers(mock: Mockspaces, connect: Connect) -> None:
    """Nobody reads hundreds of large answers."""
    mock.call("POST", "/seed", {"users": [{"username": f"u{number}@example.com"} for number in range(2000)]})
    for _ in range(20):
        connect(get("/_mock/snapshot") * 20)
    time.sleep(1)


def unread_frames(mock: Mockspaces, connect: Connect) -> None:
    """Sockets do not read what they are told."""
    for _ in range(20):
        raw = connect(handshake(path=socket_path(mock)) + text(b"40/chat,"))
        raw.until(b"40/chat")
        raw.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            raw.send((b"\x89\xfd\0\0\0\0" + b"x" * 125) * 100_000)


def delayed_faults(mock: Mockspaces, connect: Connect) -> None:
    """Answers are delayed by plan, some of which would be broken then."""
    for action in ({"status": 500}, {"transport": "drop"}, {"transport": "reset"}, {"transport": "truncate"}):
        for surface in ("rest", "web", "accounts"):
            fault = {"match": {"surface": surface}, "action": {**action, "delay": 60}, "times": 3}
            mock.call("POST", "/faults", fault)
    for path in ("/api/users/me", "/spaces/x", "/oauth2/authorize") * 12:
        connect(get(path))


def waits_for_the_journal(mock: Mockspaces, connect: Connect) -> None:
    """Tests wait for what will not come."""
    for _ in range(50):
        connect(post("/_mock/journal/wait", {"match": {"path": "/nope"}, "timeout": 60}))
        connect(get("/_mock/journal?path=/nope&wait=60"))


def bodies_under_way(mock: Mockspaces, connect: Connect) -> None:
    """Bodies lack their end: calls, a seed, an upload, and what is more than all of them may take."""
    token = mock.token(PERSON)
    for _ in range(20):
        connect(post("/api/spaces/invite", {"topic": {"title": "x" * 5000}}, token=token, missing=2))
        connect(post("/_mock/seed", people(), missing=1))
        connect(b"POST /api/spaces/invite HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}")
        connect(b"PUT /storage/x HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n" + b"x" * 100_000)
        connect(b"POST /oauth2/access_token HTTP/1.1\r\nConnection: close\r\nContent-Length: 99999999\r\n\r\nx")


def thousands_of_sockets(mock: Mockspaces, connect: Connect) -> None:
    """Very many people are connected."""
    path = socket_path(mock)
    raws = [connect(handshake(path=path) + text(b"40/chat,")) for _ in range(SOCKETS)]
    for raw in raws:
        raw.until(b"40/chat")


def thousands_of_connections(mock: Mockspaces, connect: Connect) -> None:
    """Very many connections are idle, and others wait."""
    mock.call("POST", "/faults", {"match": {"surface": "web"}, "action": {"delay": 60}, "times": SOCKETS})
    for number in range(SOCKETS):
        connect(get("/health" if number % 2 else "/spaces/x"))


def seeding(mock: Mockspaces, connect: Connect) -> None:
    """A large seed is being planted, and others wait for that world."""
    connect(post("/_mock/seed", people()))
    time.sleep(0.5)
    for _ in range(20):
        connect(get("/api/users/me"))


def opening_worlds(mock: Mockspaces, connect: Connect) -> None:
    """Worlds are being opened."""
    for _ in range(20):
        connect(post("/_mock/worlds", {"seed": people()}))


def keys_being_made(mock: Mockspaces, connect: Connect) -> None:
    """Key pairs are being generated, in threads."""
    app = mock.call("POST", "/service-apps", {"company": "example.com"})["iss"]
    for _ in range(100):
        connect(post(f"/_mock/service-apps/{app}/keys", {"fresh": True}))


def searching(mock: Mockspaces, connect: Connect) -> None:
    """Long answers are being made."""
    mock.call("POST", "/seed", {"users": [{"username": f"u{number}@example.com"} for number in range(4000)]})
    for _ in range(20):
        connect(get("/_mock/ui") * 5 + get("/_mock/snapshot") * 5)
    connect(post("/_mock/reset", {}))


def polling(mock: Mockspaces, connect: Connect) -> None:
    """Requests of Engine.IO's other transport, which is refused."""
    for _ in range(20):
        connect(get("/socket.io/?EIO=3&transport=polling"))


def worlds_with_connections(mock: Mockspaces, connect: Connect) -> None:
    """Worlds with ports of their own, and connections in all states there; some are being dropped."""
    for number in range(5):
        world = mock.call("POST", "/worlds", {})
        for sent in STATES.values():
            connect(sent, url=world["urls"]["port"]["web"])
        if number % 2:
            connect(f"DELETE /_mock/worlds/{world['name']} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


DOINGS: tuple[Callable[[Mockspaces, Connect], None], ...] = (
    whatever_connections_do,
    unread_answers,
    unread_frames,
    delayed_faults,
    waits_for_the_journal,
    bodies_under_way,
    thousands_of_sockets,
    thousands_of_connections,
    seeding,
    opening_worlds,
    keys_being_made,
    searching,
    polling,
    worlds_with_connections,
)


@pytest.mark.parametrize("doing", DOINGS, ids=lambda doing: doing.__name__)
def test_the_process_ends(serve: Serve, doing: Callable[[Mockspaces, Connect], None]) -> None:
    """Whatever connections do, SIGTERM ends the process in time, quietly and with code 0."""
    best = math.inf
    for _ in range(ATTEMPTS):
        best = min(best, ended(serve(), doing))
        if best < WITHIN_S:
            return
    assert best < WITHIN_S


def ended(served: Served, doing: Callable[[Mockspaces, Connect], None]) -> float:
    """Let connections do something, end the process, and return how long that took."""
    connect = Connect(served.url)
    with Mockspaces(served.url) as mock:
        doing(mock, connect)
        time.sleep(0.2)
        begin = time.monotonic()
        code, out, err = served.end(signal.SIGTERM)
        took = time.monotonic() - begin
    for raw in connect.opened:
        raw.close()
    assert (code, out) == (0, "")
    assert [line for line in err.splitlines() if "WARNING mockspaces.access" not in line] == []
    return took


def test_the_process_ends_in_the_middle_of_tls(serve: Serve) -> None:
    """Half a TLS handshake, a whole one without a request, and half a request over it hold nobody up."""
    served = serve("--tls", "--tls-port", "0")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    raws = [
        Raw(served.secure_url, sent)
        for sent in (b"", b"\x16\x03\x01", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"no TLS")
    ]
    secure = [context.wrap_socket(Raw(served.secure_url).socket) for _ in range(4)]
    for one, sent in zip(secure, (b"G", get("/health")[:-2], get("/health") * 2, handshake()), strict=True):
        one.sendall(sent)
    time.sleep(0.2)
    begin = time.monotonic()
    code, _out, err = served.end(signal.SIGTERM)
    assert (code, err) == (0, "")
    assert time.monotonic() - begin < WITHIN_S
    for raw in raws:
        raw.close()
    for one in secure:
        one.close()
