"""A queue of records that are kept as bytes.

A journal entry is some fifteen small objects, and a full journal 150,000. Python has arenas of 1 MiB for small objects
and gives one back to the system only when nothing at all is left in it: a single header or template that was made
meanwhile keeps it, so that a journal that was full once would cost its memory for ever. Entries are therefore packed, a
block of them in one piece of bytes, which the C library gives back.

A block is small, so that its entries are still in the processor's cache when they are packed, and the next calls get
memory that is warm. While the newest 256 were left as they were, each call wrote to memory that had gone cold.
"""

from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Generic, Protocol, TypeVar

import msgspec

BLOCK = 16  # records that are packed together; to unpack as many takes 25 microseconds


class Sized(Protocol):
    """A record that knows what it weighs, in bytes."""

    @property
    def size(self) -> int:
        """What it weighs."""


Record = TypeVar("Record", bound=Sized)


class Ring(Generic[Record]):
    """Records in the order in which they came; what is taken out again may be a copy."""

    def __init__(self, kind: type[Record]) -> None:
        """Begin empty. ``kind`` is a Struct, best an array-like one."""
        self._blocks: deque[tuple[array[int], bytes | Sequence[Record]]] = deque()  # sizes, and the records
        self._newest: list[Record] = []  # less than a block
        self._gone = 0  # records of the first block that were dropped
        self.length = 0  # as `len` tells it
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(list[kind]).decode  # type: ignore[valid-type]  # known at run time only

    def __len__(self) -> int:
        """Return the number of records."""
        return self.length

    def append(self, record: Record) -> None:
        """Take in the newest record; what it says must not change from now on."""
        newest = self._newest
        newest.append(record)
        self.length += 1
        if len(newest) == BLOCK:
            sizes = array("L", [one.size for one in newest])
            try:
                self._blocks.append((sizes, self._encode(newest)))
            except UnicodeEncodeError:  # half a character that came without a server between; no encoding can carry it
                self._blocks.append((sizes, newest))
            self._newest = []

    def drop(self) -> int:
        """Forget the oldest record, and return its size."""
        self.length -= 1
        if not self._blocks:
            return self._newest.pop(0).size
        size = self._blocks[0][0][self._gone]
        self._gone += 1
        if self._gone == BLOCK:
            self._blocks.popleft()
            self._gone = 0
        return size

    def clear(self) -> None:
        """Forget all records."""
        self._blocks.clear()
        self._newest.clear()
        self._gone = self.length = 0

    def since(self, position: int) -> Iterator[Record]:
        """Yield the records from a position on, oldest first; the oldest one is at 0."""
        first, at = divmod(position + self._gone, BLOCK)
        for number in range(first, len(self._blocks)):
            yield from self._unpacked(number)[at:]
            at = 0
        yield from islice(self._newest, max(0, first - len(self._blocks)) * BLOCK + at, None)

    def _unpacked(self, number: int) -> Sequence[Record]:
        found = self._blocks[number][1]
        return self._decode(found) if isinstance(found, bytes) else found
