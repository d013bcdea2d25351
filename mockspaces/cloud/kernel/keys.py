"""RSA key material: a small bundled pool of deliberately public keys, and fresh ones on request.

Generating a key takes 25 ms and validating a loaded one about as long, so keys of the pool are loaded
without validation and shared by all worlds; which key id leads to which material is each world's own.
Using one takes the library cryptography, which is loaded then.
"""

import asyncio
import contextlib
import threading
from collections.abc import Container
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from mockspaces.cloud.kernel import rsa

AT_ONCE = 2  # so many are generated at a time
SIGNING = 8  # so many of the pool sign user JWTs, the others belong to apps

_makers: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


class KeyPair:
    """One RSA key pair with its PKCS#1 text, which is read when the pair is first used."""

    def __init__(self, pem: str) -> None:
        """Keep the PEM text of a private key."""
        self.pem = pem

    @cached_property
    def loaded(self) -> "rsa.Loaded":
        """The keys. Raises `TypeError` or `ValueError` if the text holds no private RSA key."""
        from mockspaces.cloud.kernel import rsa  # noqa: PLC0415 - a start uses no key, and a thread loads it right after

        return rsa.Loaded(self.pem)

    def sign(self, message: bytes) -> bytes:
        """Return the RS256 signature of a message."""
        return self.loaded.sign(message)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether this is the RS256 signature of a message."""
        return self.loaded.verify(message, signature)


def fresh() -> KeyPair:
    """Generate a new key pair (about 25 ms)."""
    from mockspaces.cloud.kernel import rsa  # noqa: PLC0415 - as above

    return KeyPair(rsa.generate())


async def fresh_elsewhere() -> KeyPair:
    """Generate a new key pair in a thread, while others are served.

    The thread is a daemon, since a process that ends would wait for one of an executor: for many of them over a second.
    """
    loop = asyncio.get_running_loop()
    async with _makers.setdefault(loop, asyncio.Semaphore(AT_ONCE)):
        made: asyncio.Future[KeyPair] = loop.create_future()

        def tell(pair: KeyPair) -> None:
            if not made.done():
                made.set_result(pair)

        def generate() -> None:
            pair = fresh()
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(tell, pair)

        threading.Thread(target=generate, name="key pair", daemon=True).start()
        return await made


@cache
def _texts() -> tuple[str, ...]:
    text = Path(__file__).with_name("public_keys.pem").read_text(encoding="ascii")
    begin = "-----BEGIN"
    return tuple(begin + part for part in text.split(begin)[1:])


@cache
def pooled(number: int) -> KeyPair:
    """Return a key pair of the bundled pool; any number will do."""
    texts = _texts()
    return pooled(number % len(texts)) if number >= len(texts) else KeyPair(texts[number])


def signing(number: int) -> KeyPair:
    """Return a key pair that signs user JWTs: no app ever gets one of these from the pool."""
    return pooled(number % SIGNING)


def unused(start: int, used: Container[str]) -> KeyPair:
    """Return a key pair for an app: one of the pool that is not used yet, from a random place on, else a fresh one."""
    texts = _texts()[SIGNING:]
    for number in range(len(texts)):
        text = texts[(start + number) % len(texts)]
        if text not in used:
            return load(text)
    return fresh()


@lru_cache(maxsize=1024)
def load(pem: str) -> KeyPair:
    """Return the key pair of a PEM text; the last ones stay loaded."""
    return KeyPair(pem)
