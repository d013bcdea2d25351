"""Makes archives that can be shown to others: each text is replaced by one of the same form.

Nothing is kept because it looks harmless, but only what is known: words of the contract, times, small numbers, names of
headers and members that read like names. Everything else becomes another text of its kind - an id another id, an
address another address - and the same text becomes the same one all through a file, so that what belongs together
still does.
What cannot be read that way, as a page or a file, is left out; and so is every exchange with another service.

A recording of our own keeps the texts, and only credentials are treated like this (`Redactor.credentials_only`).
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import msgspec

from mockspaces.contract import Contract, events, queries
from mockspaces.contract.engineio import PACKET
from mockspaces.contract.shapes import ANSWERS, PAYLOADS
from mockspaces.contract.shapes.schemas import Schemas
from mockspaces.contract.web import ROWS as WEB
from mockspaces.traffic import credentials
from mockspaces.traffic.archives import Entry, Message, Pair, answered, asked
from mockspaces.traffic.frames import BASE64
from mockspaces.traffic.matching import Matcher

Object = dict[str, Any]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z?")
JWT = re.compile(r"(?<![\w-])[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}(?![\w-])")
HEX = re.compile(r"(?<![0-9a-zA-Z])(?:[0-9a-f]{32,}|[0-9A-F]{32,})(?![0-9a-zA-Z])")
CSRF = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")[^"]+')
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
SECRETS = re.compile(f"(?P<jwt>{JWT.pattern})|(?P<csrf>{CSRF.pattern})|{HEX.pattern}")
RUNS = re.compile(r"\w+")
NAME = re.compile(r"[A-Za-z_]{1,40}")
SMALL = 10_000
TEXT, CLOSE = 1, 8  # opcodes of frames
CODE = 4  # digits of the code of a close
MOMENTS = ((10**9, 4 * 10**9), (10**12, 4 * 10**12))  # seconds and milliseconds of our days
SECRET = frozenset(
    {
        *("access_token", "refresh_token", "id_token", "token", "password", "client_secret", "private_key", "secret"),
        *("code", "code_verifier", "csrfmiddlewaretoken", "signature", "pairingcode", "confpin", "auth_token"),
    }
)
COOKIES = ("csrftoken", "sessionid", "AUTH_TOKEN")
# Headers of which only words that every service sends are kept, and other values become texts of their form.
HEADERS = frozenset({
    "accept", "accept-version", "access-control-allow-headers", "access-control-allow-methods",
    "access-control-allow-origin", "access-control-expose-headers", "access-control-max-age",
    "access-control-request-headers", "access-control-request-method", "allow", "cache-control", "connection",
    "content-disposition", "content-encoding", "content-length", "content-security-policy", "content-type", "date",
    "etag", "if-none-match", "keep-alive", "pragma", "retry-after", "sec-websocket-version",
    "spaces-x-space-password", "transfer-encoding", "upgrade", "vary", "www-authenticate", "x-avaya-act-as",
    "x-content-type-options", "x-frame-options",
})  # fmt: skip
URLS = ("location", "origin", "referer")
WORDS = frozenset({
    "accept", "act", "after", "age", "alive", "allow", "any", "application", "attachment", "authorization", "avaya",
    "basic", "bearer", "bytes", "cache", "charset", "chunked", "close", "content", "control", "cookie", "cors",
    "default", "delete", "deny", "disposition", "encoding", "error", "error_description", "etag", "expose", "form",
    "get", "gzip", "head", "headers", "html", "http", "httponly", "image", "inline", "invalid_client",
    "invalid_token", "javascript", "jpeg", "json", "keep", "lax", "length", "max", "mode", "multipart", "must",
    "no", "none", "nosniff", "null", "octet", "options", "origin", "password", "patch", "path", "plain", "png",
    "post", "pragma", "private", "public", "put", "q", "realm", "retry", "revalidate", "same", "samesite",
    "sandbox", "self", "space", "spaces", "src", "store", "stream", "text", "timeout", "type", "upgrade",
    "urlencoded", "utf", "vary", "version", "websocket", "www", "x", "xml",
})  # fmt: skip
OF_TOKENS = ("Bearer", "JWT", "HS256", "RS256")
PLAIN_ATTRIBUTE = re.compile(r"/|Lax|Strict|None|-?\d{0,9}")  # of a cookie
UNREADABLE = "left out"
CODE_NAME, LEAST_CODE = "code", 16  # a shorter one is that of a language, or a word


class Redactor:
    """Replaces texts; two files of one redactor have the same text in the same place."""

    def __init__(self, contract: Contract, matcher: Matcher, *, credentials_only: bool = False) -> None:
        """Draw a key, which is never written anywhere: nobody can try whether a text stands for one they know."""
        self._key = secrets.token_bytes(32)
        self._matcher = matcher
        self._only = credentials_only
        self._known = vocabulary(contract)
        rows = (*contract.endpoints.values(), *WEB)
        paths = (path for row in rows for path in (row.path, *row.aliases))
        self._segments = {segment for path in paths for segment in path.split("/") if "{" not in segment}

    def entry(self, entry: Entry) -> Object | None:
        """Return an entry that can be shown, None for one of another service."""
        if self._matcher.place(entry.request.url) is None:
            return None
        url = self.url(entry.request.url)
        request, response = asked(entry), answered(entry)
        shown: Object = {
            "startedDateTime": entry.started if TIME.fullmatch(entry.started) else "",
            "time": 0,
            "connection": entry.connection if entry.connection.isdecimal() else "",
            "request": {
                "method": entry.request.method if entry.request.method.isalpha() else "",
                "url": url,
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": self._headers(entry.request.headers),
                "queryString": pairs(parse_qsl(urlsplit(url).query, keep_blank_values=True)),
                "headersSize": -1,
                "bodySize": -1,
            },
            "response": {
                "status": entry.response.status,
                "statusText": "",
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": self._headers(entry.response.headers),
                "content": {"mimeType": self._header("content-type", response.header("content-type") or "")},
                "redirectURL": "",
                "headersSize": -1,
                "bodySize": -1,
            },
            "cache": {},
            "timings": {"send": 0, "wait": 0, "receive": 0},
        }
        if request.body != b"":
            kept = self._content(request)
            mime = self._header("content-type", request.header("content-type") or "")
            shown["request"]["postData"] = {"mimeType": mime, **kept}
        size = len(response.body or b"") or int(entry.response.content.size)
        shown["response"]["content"] |= {"size": size, **self._content(response)}
        if entry.frames:
            frames = [
                (frame, self.frame(frame.data) if frame.opcode == TEXT else frame.data[:CODE])
                for frame in entry.frames
                if frame.opcode == TEXT or (frame.opcode == CLOSE and frame.data[:CODE].isdecimal())
            ]
            shown["_resourceType"] = "websocket"
            shown["_webSocketMessages"] = [
                {"type": "send" if frame.type in ("send", "request") else "receive"}
                | {"time": frame.time, "opcode": frame.opcode, "data": text}
                for frame, text in frames
            ]
        return shown

    # --- texts

    def text(self, text: str) -> str:
        """Return a text of the same form."""
        if not text or text in self._known or TIME.fullmatch(text):
            return text
        if JWT.fullmatch(text):
            return self._jwt(text)
        if "://" in text:
            return self.url(text)
        if text.startswith("/"):
            return self.url(text)
        if ADDRESS.fullmatch(text):
            return f"p{self._digest(text)[:10]}@example.com"
        return RUNS.sub(lambda run: self._run(run[0]), text)

    def _run(self, run: str) -> str:
        """Return as many letters or digits as a run has, of the kinds that it has."""
        if run in self._known or (run.isdecimal() and len(run) <= 3):  # noqa: PLR2004 - a count or a status
            return run
        digest = self._digest(run)
        while len(digest) < len(run):
            digest += self._digest(digest[-64:])  # of the last part alone: a run may have megabytes
        if run.isdecimal():
            return "".join(str(int(one, 16) % 10) for one in digest[: len(run)])
        if re.fullmatch(r"[0-9a-f]{8,}", run):
            return digest[: len(run)]
        letters = (chr(ord("a") + int(one, 16)) for one in digest[: len(run)])
        return "".join(new.upper() if old.isupper() else new for old, new in zip(run, letters, strict=True))

    def _digest(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def _jwt(self, text: str) -> str:
        """Return a JWT of the same header and kinds of claims, with a signature that is none."""
        found = credentials.token(text)
        if found is None:
            return RUNS.sub(lambda run: self._run(run[0]), text)
        claims = found.claims if self._only else self.value(found.claims)
        header = self.value(found.header)
        parts = (credentials.encoded(part) for part in (header, claims))
        signature = self._run(text.rpartition(".")[2])
        return ".".join([*parts, f"{signature[:-1]}A"])  # the last one of base64 holds bits that must be 0

    def url(self, url: str) -> str:
        """Return a URL, or a path with its query, without what could be somebody's."""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            return ""
        if self._only:
            rest = url.removeprefix(f"{parts.scheme}://{parts.netloc}") if "://" in url else url
            path, mark, query = rest.partition("#")[0].partition("?")
            fragment = f"#{self._query(parts.fragment)}" if "#" in url else ""
            return f"{url[: len(url) - len(rest)]}{self._secretless(path)}{mark}{self._query(query)}{fragment}"
        known = not host or self._matcher.place(f"http://{host}/api/x") is not None
        port = f":{parts.port}" if known and parts.port else ""
        netloc = f"{host}{port}" if known else f"h{self._digest(host)[:10]}.example.com"
        path = "/".join(self._segment(one) for one in parts.path.split("/"))
        query, fragment = self._query(parts.query), self._query(parts.fragment)
        scheme = parts.scheme if parts.scheme in ("http", "https", "ws", "wss", "") else "app"
        return parts._replace(scheme=scheme, netloc=netloc, path=path, query=query, fragment=fragment).geturl()

    def _segment(self, segment: str) -> str:
        if segment in self._segments:
            return segment
        text = unquote(segment)
        return quote(self.text(text) if not text.startswith("/") else self._run(text[1:]), safe="@")

    def _query(self, text: str) -> str:
        """Return a query or form; of a recording of our own what may stay is spelled as it was."""
        if self._only:
            return "&".join(self._pair(one) for one in text.split("&"))
        return urlencode(self._pairs(parse_qsl(text, keep_blank_values=True)))

    def _pair(self, text: str) -> str:
        found = parse_qsl(text, keep_blank_values=True)
        shown = self._pairs(found)
        return urlencode(shown) if shown != found else text if found else self._secretless(text)

    def _pairs(self, found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(self._name(name), self._member(name, value)) for name, value in found]

    def _name(self, name: str) -> str:
        return name if self._only or NAME.fullmatch(name) else self.text(name)

    def _member(self, name: str, value: Any) -> Any:
        if not self._only:
            return self.value(value)
        if name.lower() in SECRET and isinstance(value, str):
            if name == CODE_NAME and len(value) < LEAST_CODE:
                return value
            return value if "." in value and not JWT.fullmatch(value) else self.text(value)
        return self.value(value)

    def value(self, value: Any) -> Any:
        """Return a value of JSON with each text replaced by one of its form."""
        match value:
            case dict():
                return {self._name(name): self._member(name, one) for name, one in value.items()}
            case list():
                return [self.value(one) for one in value]
            case str():
                return self._secretless(value) if self._only else self.text(value)
            case bool() | None:
                return value
            case int() if not self._only and abs(value) >= SMALL and not _is_known(value, self._known):
                return int(self._run(str(abs(value))) or 0)
        return value

    def _secretless(self, text: str) -> str:
        """Return a text without what can only be a credential."""

        def hidden(found: re.Match[str]) -> str:
            if found["jwt"]:
                return self._jwt(found[0])
            return self._run(found[0] if found["csrf"] else found[0].lower())

        return SECRETS.sub(hidden, text)

    # --- headers, bodies, frames

    def _headers(self, headers: list[Pair]) -> list[Object]:
        found = ((one.name.lower(), one.value) for one in headers)
        kept = [
            (name, self._header(name, value))
            for name, value in found
            if self._only or name in HEADERS or name in URLS or name in ("authorization", "cookie", "set-cookie")
        ]
        return pairs(kept)

    def _header(self, name: str, value: str) -> str:
        if name == "authorization":
            scheme, blank, token = value.partition(" ")
            known = scheme.lower() in ("jwt", "bearer", "service_app", "sat", "basic")
            return f"{scheme if known else self._run(scheme)}{blank}{self.text(token)}"
        if name in ("cookie", "set-cookie"):
            return "\n".join(self._cookies(one) for one in value.split("\n"))
        if name in URLS:
            return value if value == "null" else self.url(value)
        if name in ("etag", "if-none-match") and value.startswith('W/"'):
            return f"W/{self.text(value[2:])}"
        if name == "spaces-x-space-password":
            return self.text(value)
        if self._only:
            return self._secretless(value)
        words = re.findall(r"[A-Za-z_][A-Za-z_-]*", value)
        long = re.search(r"\d{5,}", value) and name != "access-control-max-age"
        if name == "date" or (not long and all(_is_word(word) for word in words)):
            return value if name != "date" else ""
        return self.text(value)

    def _cookies(self, text: str) -> str:
        found = []
        for part in text.split(";"):
            name, equals, value = part.strip().partition("=")
            if name.lower() in ("path", "httponly", "samesite", "secure", "max-age"):
                found.append(part.strip() if PLAIN_ATTRIBUTE.fullmatch(value) else name)
            elif name.lower() not in ("expires", "domain"):
                known = self._only or name in COOKIES
                quoted = value.strip('"')
                found.append(f"{name if known else self._run(name)}{equals}{self.text(quoted)}")
        return "; ".join(found)

    def _content(self, message: Message) -> Object:
        """Return a body as archives have it; of a recording of our own also one that is no text."""
        text = self._body(message)
        if text is not None:
            return {"text": text}
        if self._only and message.body:
            return {"text": base64.b64encode(message.body).decode(), "encoding": "base64"}
        return {"comment": UNREADABLE}

    def _body(self, message: Message) -> str | None:
        """Return a body without what could be somebody's; None where it is of a kind that cannot be read."""
        if not message.body:
            return None if message.body is None else ""
        try:
            text = message.body.decode("utf-8")
        except UnicodeDecodeError:
            return None
        if message.media_type == "application/x-www-form-urlencoded":
            return self._query(text)
        try:
            value = msgspec.json.decode(text)
            shown = self.value(value)
            return text if self._only and shown == value else msgspec.json.encode(shown).decode()
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
            pass
        if self._only and "\x1e" not in text:
            return self._secretless(text)
        return None

    def frame(self, text: str) -> str:
        """Return a frame of Engine.IO without what could be somebody's; what is no packet becomes empty."""
        kind, rest = text[:1], text[1:]
        if kind == "4" and (head := PACKET.match(rest)):
            place, mark, query = (head["place"] or "").partition("?")
            namespace = "/".join(self._segment_of_namespace(one) for one in place.split("/"))
            shown = f"{namespace}{mark}{self._query(query)}"
            begin = head[0].replace(head["place"], shown, 1) if head["place"] else head[0]
            return f"4{begin}{self._json(rest[head.end() :])}"
        if kind in ("0", "1", "2", "3", "5", "6"):
            return kind + (self._json(rest) if rest.startswith("{") else rest if rest in ("", "probe") else "")
        return (text if self._only else text[:2]) if kind == BASE64 else ""

    def _segment_of_namespace(self, segment: str) -> str:
        return segment if self._only or segment in ("", "chat", "w") else self._run(segment)

    def _json(self, text: str) -> str:
        if not text:
            return ""
        try:
            return msgspec.json.encode(self.value(msgspec.json.decode(text))).decode()
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
            return ""


def pairs(found: Iterable[tuple[str, str]]) -> list[Object]:
    """Return headers or parameters as archives have them."""
    return [{"name": name, "value": value} for name, value in found]


def _is_word(word: str) -> bool:
    return word.lower() in WORDS or all(part in WORDS for part in re.split(r"[-_]", word.lower()) if part)


def _is_known(number: int, known: frozenset[str]) -> bool:
    return str(number) in known or any(low <= number <= high for low, high in MOMENTS)


def vocabulary(contract: Contract) -> frozenset[str]:
    """Return every word and number that the contract has, which are nobody's."""
    schemas = Schemas()
    for kind in (*ANSWERS.values(), *PAYLOADS.values()):
        schemas.of(kind)
    enumerated = [*_enums(schemas.parts)]
    parameters = (one for table in (queries.ROWS, queries.FORMS) for row in table.values() for one in row)
    words = (word for one in parameters for word in (one.name, *one.words))
    named = (value for name, value in vars(events).items() if name.isupper())
    rows = _strings(msgspec.to_builtins(contract))
    return frozenset([*rows, *enumerated, *words, *_strings(list(named)), *OF_TOKENS])


def _enums(schema: Any) -> Iterable[str]:
    if isinstance(schema, Mapping):
        yield from (one for one in schema.get("enum", ()) if isinstance(one, str))
        for one in schema.values():
            yield from _enums(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from _enums(one)


def _strings(value: Any) -> Iterable[str]:
    """Yield the words of a value that reads as data, and its numbers as text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, int):
        yield str(value)
