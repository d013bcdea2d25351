"""RSA key material: a small bundled pool of deliberately public keys, and fresh ones on request.

Generating a key takes 25 ms and validating a loaded one about as long, so keys of the pool are loaded
without validation and shared by all worlds; which key id leads to which material is each world's own.
"""

import asyncio
import contextlib
import threading
from collections.abc import Container
from functools import cache, lru_cache
from importlib import resources
from weakref import WeakKeyDictionary

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

KEY_BITS = 2048
AT_ONCE = 2  # so many are generated at a time
SIGNING = 8  # so many of the pool sign user JWTs, the others belong to apps

_makers: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


class KeyPair:
    """One RSA key pair with its PKCS#1 text."""

    __slots__ = ("pem", "private", "public")

    def __init__(self, pem: str) -> None:
        """Load a private key from its PEM text."""
        key = serialization.load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, rsa.RSAPrivateKey):
            message = "the PEM text holds no RSA private key"
            raise TypeError(message)
        self.pem = pem
        self.private = key
        self.public = key.public_key()

    def sign(self, message: bytes) -> bytes:
        """Return the RS256 signature of a message."""
        return self.private.sign(message, padding.PKCS1v15(), SHA256())

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether this is the RS256 signature of a message. Done here, since importing PyJWT takes a start 40 ms."""
        try:
            self.public.verify(signature, message, padding.PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


def fresh() -> KeyPair:
    """Generate a new key pair (about 25 ms)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    return KeyPair(key.private_bytes(encoding, form, serialization.NoEncryption()).decode())


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
    text = resources.files("mockspaces.cloud.kernel").joinpath("public_keys.pem").read_text(encoding="ascii")
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
