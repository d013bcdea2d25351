import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from contract_tests.claims import aside, claim, expect, observe, step
from contract_tests.kit import Cloud, Person, behaviour, send_raw, settled

TYPE = "text/plain"
GUARDS = (
    ("x-content-type-options", "nosniff", "STO-GET-02"),
    ("content-security-policy", "sandbox", "STO-GET-02"),
)


@dataclass(frozen=True)
class Storage:
    """The storage as somebody sees it who has one URL to put a file and can get more."""

    cloud: Cloud
    who: Person
    url: str
    key: str

    def put(self, data: bytes = b"hello", media_type: str | None = TYPE, url: str = "") -> httpx.Response:
        headers = {} if media_type is None else {"content-type": media_type}
        return self.cloud.http.put(url or self.url, content=data, headers=headers)

    @step("store a file")
    def store(self, data: bytes = b"hello", media_type: str = TYPE) -> None:
        answer = self.put(data, media_type)
        assert answer.status_code == 200, answer.text

    @step("get a URL to download a file")
    def get_url(self) -> str:
        made = self.cloud.call("POST", "/files/getdownloadurl", self.who, json={"fileKeys": [self.key]})
        url: str = made.json()["data"][0]["url"]
        return url

    def get(self, **headers: str) -> httpx.Response:
        return self.cloud.http.get(self.get_url(), headers=headers)


@step("announce a file")
def storage(cloud: Cloud, size: int = 5, media_type: str = TYPE, who: Person | None = None) -> Storage:
    body = {"files": [{"Content-Type": media_type, "Content-Length": size}]}
    owner = who or cloud.user()
    made = cloud.call("POST", "/files/getuploadurl", owner, json=body).json()["data"][0]
    return Storage(cloud, owner, made["url"], made["fileKey"])


def stored(cloud: Cloud, media_type: str = TYPE) -> Storage:
    file = storage(cloud, media_type=media_type)
    file.store(media_type=media_type)
    return file


def xml(answer: httpx.Response, status: int) -> None:
    """Assert a refusal of the storage: its status, and an XML body with a code.

    The headers of every answer are laid to the statements about them.
    """
    observe(answer.status_code, status, answer.text)
    observe("<Error><Code>" in answer.text and "</Code></Error>" in answer.text, wanted=True)
    observe(answer.headers["content-type"].startswith("application/xml"), wanted=True)
    for name, value, shown in (*GUARDS, ("access-control-allow-origin", "*", "STO-PUT-03")):
        aside(answer.headers.get(name), value, f"{name} of a refusal", of=shown)


def guarded(answer: httpx.Response) -> None:
    for name, value, _shown in GUARDS:
        observe(answer.headers[name], value)


def readable(answer: httpx.Response) -> None:
    observe(answer.headers["access-control-allow-origin"], "*")


@behaviour("STO-PUT-01", "STO-PUT-02", "STO-PUT-03", "STO-GET-01", "STO-GET-02")
def test_what_is_put_can_be_got(cloud: Cloud) -> None:
    """A file of the declared type and length is stored, answered empty, and comes back as it was."""
    file = storage(cloud)
    answer = file.put()
    with claim("STO-PUT-01", "STO-PUT-02", "a file of the declared type and length is accepted", about=[answer]):
        expect(answer.status_code, 200)
    with claim("STO-PUT-02", "the answer is empty", about=[answer]):
        observe(answer.content, b"")
    got = file.get()
    with claim("STO-PUT-02", "the file is stored", about=[got]):
        expect((got.status_code, got.content), (200, b"hello"))
    with claim("STO-GET-01", "bytes and type are those that were put", about=[got]):
        expect((got.status_code, got.content, got.headers["content-type"]), (200, b"hello", TYPE))
    for name, one in (("put", answer), ("got", got)):
        with claim("STO-GET-02", f"{name}: the answer is guarded", about=[one]):
            guarded(one)
        with claim("STO-PUT-03", f"{name}: a page of any origin may read the answer", about=[one]):
            readable(one)


@behaviour("STO-PUT-01", "STO-PUT-03", "STO-GET-02")
@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"hell", TYPE),
        (b"hello!", TYPE),
        (b"", TYPE),
        (b"hello", "text/html"),
        (b"hello", None),
        (b"hello", "text/plain;x=1"),
    ],
)
def test_what_was_not_declared_is_refused(cloud: Cloud, data: bytes, media_type: str | None) -> None:
    """Another length or type stores nothing, and the URL is still good for the right file."""
    file = storage(cloud)
    answer = file.put(data, media_type)
    with claim("STO-PUT-01", "STO-PUT-03", "it is refused", about=[answer]):
        xml(answer, 400)
    with claim("STO-GET-02", "the refusal is guarded", about=[answer]):
        guarded(answer)
    with claim("STO-PUT-03", "a page of any origin may read the refusal", about=[answer]):
        readable(answer)
    with claim("STO-PUT-03", "nothing is stored"):
        missing = cloud.call("POST", "/files/getdownloadurl", file.who, json={"fileKeys": [file.key]})
        observe(missing.status_code, 404)
    with claim("STO-PUT-01", "the URL is still good for the right file"):
        expect(file.put().status_code, 200)


@behaviour("STO-PUT-05", "STO-PUT-03", "STO-GET-02")
def test_a_longer_body_is_not_read(cloud: Cloud) -> None:
    """The answer to a body that is announced or grows beyond the declared length comes before its end."""
    url = urlsplit(storage(cloud).url)
    head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: x\r\nContent-Type: {TYPE}\r\n"
    for name, rest in (
        ("is announced", "Content-Length: 1000000000\r\n\r\nhello"),
        ("grows", "Transfer-Encoding: chunked\r\n\r\n6\r\nhello!\r\n"),
    ):
        with claim("STO-PUT-05", "STO-PUT-03", f"a body that {name} beyond the declared length is refused unread"):
            answer = send_raw(f"{url.scheme}://{url.netloc}", f"{head}{rest}".encode())
            xml(answer, 400)
        with claim("STO-GET-02", f"the refusal of a body that {name} is guarded"):
            guarded(answer)
        with claim("STO-PUT-03", f"a page of any origin may read the refusal of a body that {name}"):
            readable(answer)


@behaviour("STO-PUT-04")
def test_a_url_is_good_for_one_upload(cloud: Cloud) -> None:
    """A second upload is refused and leaves the first file as it is."""
    file = storage(cloud)
    with claim("STO-PUT-04", "a first upload is accepted"):
        observe(file.put().status_code, 200)
    with claim("STO-PUT-04", "a second upload is refused"):
        xml(file.put(b"HELLO"), 403)
    with claim("STO-PUT-04", "the file is the first one"):
        observe(file.get().content, b"hello")


@behaviour("STO-PUT-03", "STO-GET-01", "FILES-UP-02", "FILES-DOWN-02")
@pytest.mark.parametrize(("seconds", "good"), [(3599, True), (3600, False), (-10, True)])
def test_urls_live_an_hour(cloud: Cloud, seconds: int, good: bool) -> None:  # noqa: FBT001 - a table
    """Upload and download URLs work for 3600 seconds of the world's clock and not a moment longer."""
    cloud.freeze("2031-02-03T04:05:06.000Z")
    file, url = storage(cloud), stored(cloud).get_url()
    cloud.advance(seconds)
    word = "works" if good else "is refused"
    with claim("FILES-UP-02", "STO-PUT-03", f"the URL of an upload {word}"):
        answer = file.put()
        if good:
            observe(answer.status_code, 200)
        else:
            xml(answer, 403)
    with claim("FILES-DOWN-02", "STO-GET-01", f"the URL of a download {word}"):
        answer = cloud.http.get(url)
        if good:
            observe(answer.status_code, 200)
        else:
            xml(answer, 403)


@behaviour("STO-PUT-03", "STO-PUT-04", "STO-GET-01")
@pytest.mark.parametrize("member", ["signature", "expires"])
@pytest.mark.parametrize("value", [None, "", "x", "0", "9999999999", "9" * 5000, "\u0663", "-1"])
def test_a_changed_url_is_refused(cloud: Cloud, member: str, value: str | None) -> None:
    """A URL whose signature or expiry was changed or left out opens neither upload nor download."""
    download = stored(cloud)
    upload = storage(cloud, who=download.who)

    def changed(url: str) -> str:
        base, _, query = url.partition("?")
        members = {name: values[0] for name, values in parse_qs(query).items() if name != member}
        return f"{base}?{urlencode(members if value is None else {**members, member: value})}"

    with claim("STO-PUT-03", "STO-PUT-04", "the URL of an upload is refused"):
        xml(upload.put(url=changed(upload.url)), 403)
    with claim("STO-GET-01", "the URL of a download is refused"):
        xml(cloud.http.get(changed(download.get_url())), 403)


@behaviour("STO-PUT-04")
def test_a_url_is_good_for_its_own_method_and_key(cloud: Cloud) -> None:
    """A URL to put does not get, one to get does not put, and neither opens another file."""
    first = storage(cloud)
    second = storage(cloud, who=first.who)
    first.store()
    with claim("STO-PUT-04", "the URL of an upload does not get"):
        xml(cloud.http.get(first.url), 403)
    with claim("STO-PUT-04", "the URL of an upload puts no file that is there"):
        xml(second.put(url=second.url.replace(second.key, first.key)), 403)
    with claim("STO-PUT-04", "the URL of an upload puts no file that is awaited"):
        xml(first.put(url=first.url.replace(first.key, second.key)), 403)
    second.store()
    with claim("STO-PUT-04", "the URL of a download does not put"):
        xml(first.put(url=first.get_url()), 403)
    with claim("STO-PUT-04", "the URL of a download gets no other file"):
        xml(cloud.http.get(first.get_url().replace(first.key, second.key)), 403)


@behaviour("STO-PUT-04")
def test_other_query_members_change_nothing(cloud: Cloud) -> None:
    """Members of the query that nobody signed are ignored."""
    file = storage(cloud)
    with claim("STO-PUT-04", "an upload ignores them"):
        observe(file.put(url=f"{file.url}&response-content-type=text/html&key=x").status_code, 200)
    with claim("STO-PUT-04", "a download ignores them"):
        got = cloud.http.get(f"{file.get_url()}&response-content-type=text/html")
        observe((got.status_code, got.headers["content-type"]), (200, TYPE))


@behaviour("REST-HOST-03")
@pytest.mark.parametrize(
    "key",
    ["..", "%2e%2e", "%00", "x", "..%2f..%2fetc%2fpasswd", "5f000000-0000-4000-8000-000000000e01", "a/b", "", "%ff"],
)
@pytest.mark.parametrize(
    ("method", "shown"),
    [
        pytest.param("PUT", "STO-PUT-04", marks=behaviour("STO-PUT-04")),
        pytest.param("GET", "STO-GET-01", marks=behaviour("STO-GET-01")),
    ],
)
def test_any_other_key_is_not_found(cloud: Cloud, method: str, key: str, shown: str) -> None:
    """A key is looked up and never a path: whatever was not issued is not found, in XML."""
    file = storage(cloud)
    url = urlsplit(file.url)
    target = f"{url.path.removesuffix(file.key)}{key}?{url.query}"
    with claim(shown, "REST-HOST-03", "it is not found"):
        answer = cloud.http.request(
            method, f"{url.scheme}://{url.netloc}", content=b"", extensions={"target": target.encode()}
        )
        xml(answer, 404)


@behaviour("STO-PUT-05", "DM-CFG-02")
def test_all_files_together_have_a_cap(cloud: Cloud) -> None:
    """What would bring the stored bytes over files.max_bytes is refused and not stored; what fits exactly is."""
    cloud.configure({"files.max_bytes": 12})
    first, second, third = storage(cloud, 5), storage(cloud, 8), storage(cloud, 7)
    first.store()
    with claim("STO-PUT-05", "DM-CFG-02", "what goes beyond the cap is refused"):
        xml(second.put(b"x" * 8), 413)
    with claim("STO-PUT-05", "nothing of it is stored: what fits exactly is accepted"):
        expect(third.put(b"x" * 7).status_code, 200)
    with claim("STO-PUT-05", "an earlier file stays"):
        expect(first.get().content, b"hello")


@contextmanager
def begun(url: str, size: int) -> Iterator[None]:
    """Begin an upload, and break it off at the end of the block."""
    parts = urlsplit(url)
    head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nContent-Type: {TYPE}\r\nContent-Length: {size}"
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=10) as connection:
        connection.sendall(f"{head}\r\n\r\nhell".encode())
        yield


@behaviour("STO-PUT-05")
def test_uploads_on_their_way_count_too(cloud: Cloud) -> None:
    """While a file is being read its room is taken, and free again when the upload breaks off."""
    cloud.configure({"files.max_bytes": 12})
    slow, other = storage(cloud, 8), storage(cloud, 5)

    def beside() -> int:
        with begun(slow.url, 8):
            time.sleep(0.05)  # whoever comes second is refused, and that is to be the other one
            return other.put(b"of no matter").status_code

    with claim("STO-PUT-05", "the room of a file that is being read is taken"):
        assert settled(beside, 413) == 413
    with claim("STO-PUT-05", "it is free when the upload broke off"):
        assert settled(lambda: other.put().status_code, 200) == 200


@behaviour("STO-GET-02")
@pytest.mark.parametrize(
    ("media_type", "shown"),
    [
        ("image/png", True),
        ("IMAGE/PNG", True),
        ("audio/ogg", True),
        ("video/mp4", True),
        ("image/svg+xml", False),
        ("Image/SVG+XML;x=1", False),
        ("text/html", False),
        ("application/xhtml+xml", False),
        ("application/pdf", False),
        ("text/plain", False),
        ("imagex/png", False),
    ],
)
def test_what_could_run_is_only_downloaded(cloud: Cloud, media_type: str, shown: bool) -> None:  # noqa: FBT001 - a table
    """Pictures, sound and films may be shown in place; every other type, SVG above all, is an attachment."""
    got = stored(cloud, media_type).get()
    with claim("STO-GET-02", "the answer is guarded", about=[got]):
        guarded(got)
    with claim("STO-GET-02", f"it {'may be shown' if shown else 'is an attachment'}", about=[got]):
        observe(got.headers.get("content-disposition"), None if shown else "attachment")


@behaviour("STO-GET-01")
@pytest.mark.parametrize(
    ("sent", "status", "data", "content_range"),
    [
        ("bytes=1-2", 206, b"el", "bytes 1-2/5"),
        ("bytes=3-", 206, b"lo", "bytes 3-4/5"),
        ("bytes=-2", 206, b"lo", "bytes 3-4/5"),
        ("bytes=-9", 206, b"hello", "bytes 0-4/5"),
        ("bytes=4-99", 206, b"o", "bytes 4-4/5"),
        ("bytes=5-", 416, None, "bytes */5"),
        ("bytes=-0", 416, None, "bytes */5"),
        ("bytes=2-1", 200, b"hello", None),
        ("bytes=0-1,3-4", 200, b"hello", None),
        ("bytes=-", 200, b"hello", None),
        ("lines=1-2", 200, b"hello", None),
    ],
)
def test_a_part_of_a_file(cloud: Cloud, sent: str, status: int, data: bytes | None, content_range: str | None) -> None:
    """One range of bytes is answered alone, one beyond the end is refused, anything else gets the whole file."""
    got = stored(cloud).get(range=sent)
    with claim("STO-GET-01", "the range is named", about=[got]):
        observe((got.status_code, got.headers.get("content-range")), (status, content_range))
    with claim("STO-GET-01", "it is refused" if data is None else "there are those bytes", about=[got]):
        if data is None:
            xml(got, 416)
        else:
            observe(got.content, data)


@behaviour("STO-GET-01", "REST-REQ-06")
def test_head_tells_the_length(cloud: Cloud) -> None:
    """HEAD answers like GET, with the length and without the bytes."""
    url = stored(cloud).get_url()
    with claim("STO-GET-01", "REST-REQ-06", "HEAD has the length, and no bytes"):
        answer = cloud.http.head(url)
        observe((answer.status_code, answer.headers["content-length"], answer.content), (200, "5", b""))


@behaviour("STO-PUT-03", "REST-CORS-02", "STO-GET-02", "REST-HOST-03")
def test_a_browser_may_put_a_file(cloud: Cloud) -> None:
    """A preflight is answered without looking at the signature, and other methods are refused in XML."""
    url = storage(cloud).url.partition("?")[0]
    headers = {"origin": "http://app.example", "access-control-request-method": "PUT"}
    answer = cloud.http.options(url, headers=headers)
    with claim("STO-PUT-03", "REST-CORS-02", "a preflight without a signature is answered empty", about=[answer]):
        observe((answer.status_code, answer.content), (200, b""))
    with claim("STO-PUT-03", "REST-CORS-02", "a page of any origin may put", about=[answer]):
        observe("PUT" in answer.headers["access-control-allow-methods"], wanted=True)
        readable(answer)
    with claim("STO-GET-02", "the answer to a preflight is guarded", about=[answer]):
        guarded(answer)
    wrong = cloud.http.post(url)
    with claim("REST-HOST-03", "another method is refused in XML", about=[wrong]):
        xml(wrong, 405)
    with claim("STO-GET-02", "the refusal of another method is guarded", about=[wrong]):
        guarded(wrong)
    with claim("REST-HOST-03", "the methods of the storage are named", about=[wrong]):
        observe(wrong.headers["allow"], "GET, PUT")


@behaviour("AUTH-WORLD-01", "STO-PUT-04")
def test_urls_of_another_world_are_refused(cloud: Cloud, request: pytest.FixtureRequest) -> None:
    """A URL that another world signed finds nothing here."""
    made: Any = cloud.control("POST", "/worlds", {})
    other = Cloud(made["urls"]["port"] or made["urls"]["prefix"], cloud.http, is_mock=True)
    request.addfinalizer(lambda: cloud.control("DELETE", f"/worlds/{made['name']}"))
    foreign = storage(other)
    query = urlsplit(foreign.url).query
    with claim("AUTH-WORLD-01", "STO-PUT-04", "it is not found"):
        xml(storage(cloud).put(url=f"{cloud.origin}/storage/{foreign.key}?{query}"), 404)
