"""Where ids, tokens and secrets come from: the system's randomness, or a seed (DM-CFG-04)."""

import base64
import hashlib
import os
from io import BytesIO
from uuid import UUID

from mockspaces.cloud.kernel.clock import Clock
from mockspaces.cloud.store.facts import Fact
from mockspaces.cloud.store.state import Randomness

# Bytes that are drawn from the system at once: asking it for each id took a thirtieth of a chat. Workers are forked
# before they have any world, so no two of them draw from the same supply.
SUPPLY = 512


class Ids:
    """The id source of one world."""

    def __init__(self, clock: Clock, randomness: Fact[Randomness | None]) -> None:
        """Draw from a seeded source, whose position is the fact ``randomness``, or from the operating system."""
        self._clock = clock
        self._randomness = randomness
        self._supply = BytesIO()

    def _draw(self, count: int) -> bytes:
        position = self._randomness.value
        if position is None:
            drawn = self._supply.read(count)
            if len(drawn) < count:
                self._supply = BytesIO(os.urandom(SUPPLY))
                drawn = self._supply.read(count)
            return drawn
        self._randomness.put(Randomness(position.key, position.drawn + 1))
        return hashlib.blake2b(b"%d" % position.drawn, digest_size=count, key=position.key).digest()

    def object_id(self) -> str:
        """Return a 24-hex id: eight digits of time, then sixteen random ones (REST-ID-01)."""
        return f"{int(self._clock.now()) & 0xFFFFFFFF:08x}{self._draw(8).hex()}"

    def account_id(self) -> str:
        """Return an accounts id: url-safe and beginning ``ag`` (ACC-GEN-09)."""
        return f"ag{base64.urlsafe_b64encode(self._draw(24)).decode()}"

    def token(self) -> str:
        """Return an opaque token or code: 40 lower-hex digits (ACC-TOK-01)."""
        return self._draw(20).hex()

    def short(self) -> str:
        """Return 20 lower-hex digits: client, app and key ids (DM-CLI-01, DM-APP-01, DM-CRED-01)."""
        return self._draw(10).hex()

    def secret(self) -> bytes:
        """Return 32 secret bytes."""
        return self._draw(32)

    def uuid(self) -> str:
        """Return a version 4 UUID."""
        return str(UUID(bytes=self._draw(16), version=4))

    def digits(self, count: int) -> str:
        """Return a decimal number of ``count`` digits that does not begin with zero."""
        low = 10 ** (count - 1)
        return str(low + int.from_bytes(self._draw(8)) % (9 * low))

    def label(self, length: int = 6) -> str:
        """Return lower-case alphanumerics: the label of a service domain (DM-COMP-02)."""
        alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
        return "".join(alphabet[byte % 36] for byte in self._draw(length))

    def choice(self, count: int) -> int:
        """Return a number below ``count``."""
        return int.from_bytes(self._draw(8)) % count

    def fraction(self) -> float:
        """Return a number from 0 to 1."""
        return self.choice(1 << 53) / (1 << 53)


def seeded(seed: str, world: str) -> Randomness:
    """Return the beginning of a seeded source; the world's name is mixed in, so that no two worlds draw the same."""
    return Randomness(hashlib.sha256(f"{seed}\0{world}".encode()).digest())
