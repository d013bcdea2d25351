"""Reads HTTP archives (HAR 1.2), one entry after the other and in constant memory.

An archive is one JSON document, often of hundreds of megabytes. It is not decoded as a whole: a scanner that knows only
strings and brackets finds where each entry begins and ends, and only that slice is decoded. What stands around the
entries (pages, creator) is skipped.

Scanning is regular expressions on a buffer. Outside of strings only quotes and brackets matter; inside, one expression
takes as much of the string as is there, so that a body of megabytes is one step. What was scanned is dropped unless it
belongs to the entry that is open.
"""

import base64
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

CHUNK = 256 * 1024
MOST_ENTRY_BYTES = 24 * 2**20  # of one entry; what is larger is counted and skipped
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
UNREADABLE = "bytes that are no UTF-8"
GZIP = b"\x1f\x8b"
MARK = b"\xef\xbb\xbf"
BLANK = b" \t\r\n"
LONGEST_KEY = 16  # of a member that matters
ENTRIES_DEPTH = 3  # the object, its log, the list of entries
_LONE = re.compile("[\ud800-\udfff]")  # half a character: proxies write bytes so that are no UTF-8
_STRUCTURE = re.compile(rb'["{}\[\]]')
_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
# Inside of an entry, everything up to the next bracket that is not of an object or list without others in it.
_PLAIN = rb'(?:[^"{}\[\]]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+'
_FLAT = re.compile(rb'(?:[^"{}\[\]]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"|\{%b\}|\[%b\])*+' % (_PLAIN, _PLAIN), re.DOTALL)


class ArchiveError(ValueError):
    """A file cannot be read as an archive; the message says why, without any of its content."""


class TooLargeError(ArchiveError):
    """There is more of an archive than whoever reads it takes."""


class Bounds(NamedTuple):
    """How much of an archive is taken: bytes in all, once unpacked, and bytes of an entry."""

    archive: int | None = None
    entry: int = MOST_ENTRY_BYTES


ALL = Bounds()


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A header, or a parameter of a query or form."""

    name: str
    value: str = ""


class PostData(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a request. ``encoding`` is no member of the standard, but proxies write it."""

    mime_type: str = msgspec.field(default="", name="mimeType")
    text: str | None = None
    params: list[Pair] = []
    encoding: str = ""
    comment: str = ""


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an answer."""

    mime_type: str = msgspec.field(default="", name="mimeType")
    text: str | None = None
    encoding: str = ""
    size: float = 0
    comment: str = ""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked."""

    method: str
    url: str
    headers: list[Pair] = []
    post_data: PostData | None = msgspec.field(default=None, name="postData")


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered; status 0 is an exchange that had no answer."""

    status: int
    headers: list[Pair] = []
    content: Content = Content()


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """A frame of a WebSocket, as browsers and proxies write it; ``send`` is the client's."""

    type: str
    data: str = ""
    opcode: int = 1
    time: float = 0


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange, or one WebSocket with its frames; ``connection`` is what our own recorder tells the port by.

    One that is ``unreadable`` has bytes that are no text: the body that has them is left out, or all, the URL too.
    """

    request: Request
    response: Response
    started: str = msgspec.field(default="", name="startedDateTime")
    connection: str = ""
    frames: list[Frame] = msgspec.field(default=[], name="_webSocketMessages")
    unreadable: bool = msgspec.field(default=False, name="_unreadable")


def moment(text: str) -> float:
    """Return a time of an archive in seconds since 1970; 0 for none."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0


class Message:
    """Headers and body of one side of an exchange, decoded. ``body`` is None where the archive does not hold it all."""

    def __init__(self, headers: list[Pair], body: bytes | None) -> None:
        """Take headers by their names in lower case; pseudo headers of HTTP/2 are none."""
        self.fields = [(one.name.lower(), one.value) for one in headers if not one.name.startswith(":")]
        self.body = body

    def header(self, name: str) -> str | None:
        """Return a header by its name in lower case, the first if there are several."""
        return next((value for key, value in self.fields if key == name), None)

    def headers(self, name: str) -> list[str]:
        """Return every value of a header; browsers join several by line feeds."""
        return [part for key, value in self.fields if key == name for part in value.split("\n")]

    @property
    def media_type(self) -> str:
        """The media type without parameters."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()


def asked(entry: Entry) -> Message:
    """Return the request of an entry."""
    data = entry.request.post_data
    if data is None:
        return Message(entry.request.headers, b"")
    if data.text is None:
        return Message(entry.request.headers, None if data.comment else b"")
    return Message(entry.request.headers, _bytes(data.text, data.encoding))


def answered(entry: Entry) -> Message:
    """Return the answer of an entry. A body is missing where there is no text, though its size is not nothing."""
    content = entry.response.content
    body: bytes | None
    if content.comment and content.text is not None and len(content.text) < content.size:
        body = None  # only the beginning was kept
    elif content.text:
        body = _bytes(content.text, content.encoding)
    else:
        body = None if content.size > 0 else b""
    return Message(entry.response.headers, body)


def _bytes(text: str, encoding: str) -> bytes | None:
    if encoding.lower() != "base64":
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


Progress = Callable[[int], None]
RawEntries = Iterator[tuple[int, bytes | None]]


def entries(
    path: Path,
    progress: Progress = lambda _bytes: None,
    *,
    file: BinaryIO | None = None,
    bounds: Bounds = ALL,
) -> Iterator[tuple[int, Entry | None]]:
    """Yield each entry with its number, which begins with 1; None in the place of one that is too large.

    ``progress`` is told of the bytes that were read. A ``file`` that is open already is read where there is one, and
    the path is its name alone. Raises `ArchiveError`.
    """
    for number, part in raw_entries(path, progress, file=file, bounds=bounds):
        if part is None:
            yield number, None
            continue
        try:
            yield number, _decoded(part)
        except (msgspec.ValidationError, UnicodeDecodeError) as error:
            raise ArchiveError(f"{path}: entry {number} is no entry of an archive{_place(error)}") from None
        except msgspec.DecodeError:
            raise ArchiveError(f"{path}: entry {number} is no JSON") from None


def _decoded(part: bytes) -> Entry:
    """Return an entry, without what has bytes that are no UTF-8: nothing is known of it. Raises as msgspec does."""
    try:
        return msgspec.json.decode(part, type=Entry)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        try:
            text = json.dumps(json.loads(part), ensure_ascii=False)
        except (ValueError, RecursionError):
            text = ""
        if not _LONE.search(text):
            raise
    entry = msgspec.json.decode(_LONE.sub(REPLACEMENT, text), type=Entry)
    request, response = entry.request, entry.response
    if _has_replaced(request.post_data):
        request = msgspec.structs.replace(request, post_data=PostData(comment=UNREADABLE))
    if _has_replaced(response.content):
        response = msgspec.structs.replace(response, content=Content(size=max(1, response.content.size)))
    entry = msgspec.structs.replace(entry, request=request, response=response, unreadable=True)
    if _has_replaced(entry):
        return Entry(request=Request(method="", url=""), response=Response(status=0), unreadable=True)
    return entry


def _has_replaced(part: object) -> bool:
    return REPLACEMENT.encode() in msgspec.json.encode(part)


def _place(error: Exception) -> str:
    """Return which member is wrong; the words of the error show types and no values."""
    return f": {error}" if isinstance(error, msgspec.ValidationError) else ""


def raw_entries(
    path: Path,
    progress: Progress = lambda _bytes: None,
    *,
    file: BinaryIO | None = None,
    bounds: Bounds = ALL,
) -> RawEntries:
    """Yield each entry as JSON with its number; None in the place of one that is too large. Raises `ArchiveError`."""
    try:
        with nullcontext(file) if file else path.open("rb") as plain:
            begin = plain.read(len(GZIP))
            plain.seek(0)
            packed = gzip.GzipFile(fileobj=plain) if begin == GZIP else None
            yield from _Scanner(path, packed or plain, lambda: progress(plain.tell()), bounds).entries()
    except OSError as error:  # that of gzip has no text of the system
        raise ArchiveError(f"{path}: {error.strerror or 'the compressed file is damaged'}") from None
    except (EOFError, zlib.error):
        raise ArchiveError(f"{path}: the compressed file ends too early, or is damaged") from None


class _Scanner:
    """Finds the entries of one document."""

    def __init__(
        self, path: Path, file: BinaryIO | gzip.GzipFile, read: Callable[[], None], bounds: Bounds = ALL
    ) -> None:
        self._path = path
        self._file = file
        self._read = read
        self._bounds = bounds
        self._unpacked = 0
        self._buffer = bytearray()
        self._at = 0  # where scanning goes on
        self._begin = -1  # of the entry that is open
        self._large = False  # it is, and what was read of it is dropped
        self._string = -1  # where the string that is open began
        self._key = b""  # the last string around the entries
        self._brackets: list[int] = []
        self._in_entries = False
        self._found = False
        self._number = 0

    def entries(self) -> RawEntries:
        """Yield each entry as JSON with its number; None in the place of one that is too large."""
        while self._more():
            while self._at < len(self._buffer):
                if self._string >= 0:
                    if not self._end_of_string():
                        break  # it goes on in what is not read yet
                    continue
                if len(self._brackets) > ENTRIES_DEPTH and (flat := _FLAT.match(self._buffer, self._at)):
                    self._at = flat.end()
                mark = _STRUCTURE.search(self._buffer, self._at)
                end = mark.end() if mark else len(self._buffer)
                self._check_start(self._buffer[self._at : end])
                self._at = end
                if mark is not None and self._take(mark[0]):
                    yield self._number, self._entry()
        self._check_end()

    def _take(self, mark: bytes) -> bool:
        """Take a quote or a bracket; return whether it ends an entry."""
        if mark == b'"':
            self._string = self._at
        elif mark in (b"{", b"["):
            self._open(mark)
        else:
            return self._close(mark)
        return False

    def _end_of_string(self) -> bool:
        """Scan on in a string; return whether its end was found."""
        taken = _STRING.match(self._buffer, self._at)
        self._at = taken.end() if taken else self._at
        if self._at == len(self._buffer) or self._buffer[self._at] == ord("\\"):
            return False
        if len(self._brackets) < ENTRIES_DEPTH:
            self._key = bytes(self._buffer[self._string : self._at][:LONGEST_KEY])
        self._at += 1
        self._string = -1
        return True

    def _more(self) -> bool:
        """Read on; drop what is scanned and belongs to no entry. Return whether anything came."""
        keep = self._string if self._string >= 0 and len(self._brackets) < ENTRIES_DEPTH else self._at
        if self._begin >= 0 and not self._large:
            keep = self._begin
            if len(self._buffer) - keep > self._bounds.entry:
                self._large, keep = True, self._at
        in_string = self._string >= 0
        del self._buffer[:keep]
        self._at -= keep
        self._begin -= keep if self._begin >= 0 else 0
        self._string -= keep if self._string >= 0 else 0
        self._string = max(self._string, 0) if in_string else -1
        if self._large:
            self._begin = 0
        data = self._file.read(CHUNK)
        self._unpacked += len(data)
        if self._bounds.archive is not None and self._unpacked > self._bounds.archive:
            raise TooLargeError(f"{self._path}: unpacked it has more than {self._bounds.archive} bytes")
        self._read()
        if data and not self._number and not self._brackets and data.startswith(MARK):
            data = data[len(MARK) :]
        self._buffer += data
        return bool(data)

    def _open(self, bracket: bytes) -> None:
        if self._in_entries and len(self._brackets) == ENTRIES_DEPTH and bracket == b"{":
            self._number += 1
            self._begin, self._large = self._at - 1, False
        in_log = self._brackets == [ord("{")] * (ENTRIES_DEPTH - 1) and self._key == b"entries" and bracket == b"["
        if in_log and not self._found:
            self._found = self._in_entries = True
        self._brackets.append(bracket[0])

    def _close(self, bracket: bytes) -> bool:
        """Take a closing bracket; return whether it ends an entry."""
        if not self._brackets or chr(self._brackets.pop()) + bracket.decode() not in ("{}", "[]"):
            raise ArchiveError(f"{self._path}: no JSON document{self._after()}")
        depth = len(self._brackets)
        if depth < ENTRIES_DEPTH:
            self._in_entries = False
        return self._in_entries and depth == ENTRIES_DEPTH and bracket == b"}"

    def _entry(self) -> bytes | None:
        part = None if self._large else bytes(self._buffer[self._begin : self._at])
        self._begin, self._large = -1, False
        return part

    def _check_start(self, between: bytearray) -> None:
        """Refuse what does not begin like an archive, before all of it is read."""
        if not self._brackets and not self._found and bytes(between.strip(BLANK)) not in (b"", b"{"):
            raise ArchiveError(f"{self._path}: no HTTP archive: it does not begin with an object of JSON")

    def _check_end(self) -> None:
        if self._brackets or (self._at < len(self._buffer)):
            raise ArchiveError(f"{self._path}: the file ends too early{self._after()}")
        if not self._found:
            raise ArchiveError(f"{self._path}: no HTTP archive: there is no log with entries")

    def _after(self) -> str:
        return f", in entry {self._number}" if self._begin >= 0 else f", after {self._number} entries"
