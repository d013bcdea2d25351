"""What Python has: ``client.py URL TOKEN IDLE_MS urllib|requests|httpx|aiohttp``, one line for each case."""

import asyncio
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

FORM, JSON = b"grant_type=nonsense", b'{"topic": {"title": "Room"}}'
FORM_TYPE, JSON_TYPE = "application/x-www-form-urlencoded", "application/json"
MB = 1024 * 1024

Send = Callable[[str, bytes | Iterator[bytes] | None, str], int]


def slowly(body: bytes) -> Iterator[bytes]:
    yield body[:5]
    time.sleep(0.3)
    yield body[5:]


async def one_by_one(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def sender_of_aiohttp(url: str, headers: dict[str, str]) -> Send:
    """Return how aiohttp sends, in a loop of its own, with one session."""
    library: Any = import_module("aiohttp")
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    sessions: list[Any] = []

    async def ask(path: str, body: bytes | Iterator[bytes] | None, media_type: str) -> int:
        if not sessions:
            sessions.append(library.ClientSession(headers=headers))
        data = body if body is None or isinstance(body, bytes) else one_by_one(body)
        method = "GET" if body is None else "POST"
        async with sessions[0].request(method, url + path, data=data, headers={"Content-Type": media_type}) as answer:
            await answer.read()
            return int(answer.status)

    return lambda *call: asyncio.run_coroutine_threadsafe(ask(*call), loop).result(20)


def sender(kind: str, url: str, token: str) -> Send:
    """Return how a library sends; it answers the status."""
    authorization = {"Authorization": f"bearer {token}"}

    def by_urllib(path: str, body: Any, media_type: str) -> int:
        headers = {**authorization, **({"Content-Type": media_type} if body is not None else {})}
        request = urllib.request.Request(url + path, body, headers)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            refused.read()
            return refused.code

    if kind == "urllib":
        return by_urllib
    if kind == "aiohttp":
        return sender_of_aiohttp(url, authorization)
    library: Any = import_module(kind)
    session = library.Session() if kind == "requests" else library.Client(timeout=20)

    def by_session(path: str, body: Any, media_type: str) -> int:
        headers = {**authorization, "Content-Type": media_type}
        named = {"data": body} if kind == "requests" else {"content": body}
        method = "GET" if body is None else "POST"
        return int(session.request(method, url + path, headers=headers, **named).status_code)

    return by_session


def say(case: str, status: int) -> None:
    sys.stdout.write(f"{case} {status}\n")


def main() -> None:
    url, token, idle, kind = sys.argv[1:]
    send = sender(kind, url, token)
    say("form", send("/oauth2/access_token", FORM, FORM_TYPE))
    say("json", send("/api/spaces/invite", JSON, JSON_TYPE))
    say("chunked", send("/api/spaces/invite", iter([JSON]), JSON_TYPE))
    say("slow", send("/api/spaces/invite", slowly(JSON), JSON_TYPE))
    say("refused", send("/oauth2/access_token", bytes(6 * MB), FORM_TYPE))
    say("accepted", send("/oauth2/access_token", bytes(4 * MB), FORM_TYPE))
    with ThreadPoolExecutor(60) as threads:
        answers = list(threads.map(lambda _number: send("/oauth2/access_token", FORM, FORM_TYPE), range(60)))
    say("parallel", answers.count(401))
    send("/health", None, JSON_TYPE)
    time.sleep(int(idle) / 1000)
    say("reuse", send("/health", None, JSON_TYPE))


if __name__ == "__main__":
    main()
