import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import Cloud, behaviour, send_raw, settled

NO_CLAIMS_YET = True


TYPE = "text/plain"


@dataclass(frozen=True)
class Storage:
    """The storage as somebody sees it who has one URL to put a file and can get more."""

    cloud: Cloud
    url: str
    key: str

    def put(self, data: bytes = b"hello", media_type: str | None = TYPE, url: str = "") -> httpx.Response:
        headers = {} if media_type is None else {"content-type": media_type}
        return self.cloud.http.put(url or self.url, content=data, headers=headers)

    def get_url(self) -> str:
        made = self.cloud.call("POST", "/files/getdownloadurl", self.cloud.user(), json={"fileKeys": [self.key]})
        url: str = made.json()["data"][0]["url"]
        return url

    def get(self, **headers: str) -> httpx.Response:
        return self.cloud.http.get(self.get_url(), headers=headers)


def storage(cloud: Cloud, size: int = 5, media_type: str = TYPE) -> Storage:
    body = {"files": [{"Content-Type": media_type, "Content-Length": size}]}
    made = cloud.call("POST", "/files/getuploadurl", cloud.user(), json=body).json()["data"][0]
    return Storage(cloud, made["url"], made["fileKey"])


def xml(answer: httpx.Response, status: int) -> None:
    """Assert a refusal of the storage: status, an XML body with a code, and the headers of every answer."""
    observe(answer.status_code, status, answer.text)
    observe("<Error><Code>" in answer.text and "</Code></Error>" in answer.text, wanted=True)
    observe(answer.headers["content-type"].startswith("application/xml"), wanted=True)
    guarded(answer)


def guarded(answer: httpx.Response) -> None:
    observe(answer.headers["x-content-type-options"], "nosniff")
    observe(answer.headers["content-security-policy"], "sandbox")
    observe(answer.headers["access-control-allow-origin"], "*")


@behaviour("STO-PUT-01", "STO-PUT-02", "STO-GET-01", "STO-GET-02")
def test_what_is_put_can_be_got(cloud: Cloud) -> None:
    """A file of the declared type and length is stored, answered empty, and comes back as it was."""
    file = storage(cloud)
    answer = file.put()
    expect(answer.status_code, 200)
    observe(answer.content, b"")
    guarded(answer)
    got = file.get()
    expect((got.status_code, got.content, got.headers["content-type"]), (200, b"hello", TYPE))
    guarded(got)


@behaviour("STO-PUT-01", "STO-PUT-03")
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
    xml(file.put(data, media_type), 400)
    missing = cloud.call("POST", "/files/getdownloadurl", cloud.user(), json={"fileKeys": [file.key]})
    observe(missing.status_code, 404)
    expect(file.put().status_code, 200)


@behaviour("STO-PUT-05", "STO-PUT-03")
def test_a_longer_body_is_not_read(cloud: Cloud) -> None:
    """The answer to a body that is announced or grows beyond the declared length comes before its end."""
    url = urlsplit(storage(cloud).url)
    head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: x\r\nContent-Type: {TYPE}\r\n"
    announced = send_raw(f"http://{url.netloc}", f"{head}Content-Length: 1000000000\r\n\r\nhello".encode())
    growing = send_raw(f"http://{url.netloc}", f"{head}Transfer-Encoding: chunked\r\n\r\n6\r\nhello!\r\n".encode())
    for answer in (announced, growing):
        xml(answer, 400)


@behaviour("STO-PUT-04")
def test_a_url_is_good_for_one_upload(cloud: Cloud) -> None:
    """A second upload is refused and leaves the first file as it is."""
    file = storage(cloud)
    observe(file.put().status_code, 200)
    xml(file.put(b"HELLO"), 403)
    observe(file.get().content, b"hello")


@behaviour("STO-PUT-03", "STO-PUT-04", "FILES-UP-02", "FILES-DOWN-02")
@pytest.mark.parametrize(("seconds", "good"), [(3599, True), (3600, False), (-10, True)])
def test_urls_live_an_hour(cloud: Cloud, seconds: int, good: bool) -> None:  # noqa: FBT001 - a table
    """Upload and download URLs work for 3600 seconds of the world's clock and not a moment longer."""
    cloud.freeze("2031-02-03T04:05:06.000Z")
    file, stored = storage(cloud), storage(cloud)
    stored.put()
    url = stored.get_url()
    cloud.advance(seconds)
    answers = (file.put(), cloud.http.get(url))
    observe([one.status_code for one in answers], [200 if good else 403] * 2)
    if not good:
        xml(answers[0], 403)


@behaviour("STO-PUT-04", "STO-GET-01")
@pytest.mark.parametrize("member", ["signature", "expires"])
@pytest.mark.parametrize("value", [None, "", "x", "0", "9999999999", "9" * 5000, "\u0663", "-1"])
def test_a_changed_url_is_refused(cloud: Cloud, member: str, value: str | None) -> None:
    """A URL whose signature or expiry was changed or left out opens neither upload nor download."""
    file, stored = storage(cloud), storage(cloud)
    stored.put()
    for method, url in (("PUT", file.url), ("GET", stored.get_url())):
        base, _, query = url.partition("?")
        members = {name: values[0] for name, values in parse_qs(query).items()}
        changed = {**members, member: value} if value is not None else {n: v for n, v in members.items() if n != member}
        answer = cloud.http.request(
            method, f"{base}?{urlencode(changed)}", content=b"hello" if method == "PUT" else None
        )
        xml(answer, 403)


@behaviour("STO-PUT-04")
def test_a_url_is_good_for_its_own_method_and_key(cloud: Cloud) -> None:
    """A URL to put does not get, one to get does not put, and neither opens another file."""
    first, second = storage(cloud), storage(cloud)
    first.put()
    xml(cloud.http.get(first.url), 403)
    xml(second.put(url=second.url.replace(second.key, first.key)), 403)
    xml(first.put(url=first.url.replace(first.key, second.key)), 403)
    second.put()
    xml(first.put(url=first.get_url()), 403)
    xml(cloud.http.get(first.get_url().replace(first.key, second.key)), 403)


@behaviour("STO-PUT-04")
def test_other_query_members_change_nothing(cloud: Cloud) -> None:
    """Members of the query that nobody signed are ignored."""
    file = storage(cloud)
    observe(file.put(url=f"{file.url}&response-content-type=text/html&key=x").status_code, 200)
    got = cloud.http.get(f"{file.get_url()}&response-content-type=text/html")
    observe((got.status_code, got.headers["content-type"]), (200, TYPE))


@behaviour("STO-PUT-04", "STO-GET-01", "REST-HOST-03")
@pytest.mark.parametrize(
    "key",
    ["..", "%2e%2e", "%00", "x", "..%2f..%2fetc%2fpasswd", "5f000000-0000-4000-8000-000000000e01", "a/b", "", "%ff"],
)
@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_any_other_key_is_not_found(cloud: Cloud, method: str, key: str) -> None:
    """A key is looked up and never a path: whatever was not issued is not found, in XML."""
    parts = urlsplit(storage(cloud).url)
    request = f"{method} /storage/{key}?{parts.query} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    xml(send_raw(f"http://{parts.netloc}", request.encode()), 404)


@behaviour("STO-PUT-05", "DM-CFG-02")
def test_all_files_together_have_a_cap(cloud: Cloud) -> None:
    """What would bring the stored bytes over files.max_bytes is refused and not stored; what fits exactly is."""
    cloud.configure({"files.max_bytes": 12})
    first, second, third = storage(cloud, 5), storage(cloud, 8), storage(cloud, 7)
    expect(first.put().status_code, 200)
    xml(second.put(b"x" * 8), 413)
    expect(third.put(b"x" * 7).status_code, 200)
    expect(first.get().content, b"hello")


@behaviour("STO-PUT-05")
def test_uploads_on_their_way_count_too(cloud: Cloud) -> None:
    """While a file is being read its room is taken, and free again when the upload breaks off."""
    cloud.configure({"files.max_bytes": 12})
    slow, other = storage(cloud, 8), storage(cloud, 5)
    url = urlsplit(slow.url)
    head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: x\r\nContent-Type: {TYPE}\r\nContent-Length: 8\r\n\r\n"
    with socket.create_connection((url.hostname or "", url.port or 80), timeout=10) as connection:
        connection.sendall(f"{head}hell".encode())
        assert settled(lambda: other.put(b"of no matter").status_code, 413) == 413
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
    file = storage(cloud, media_type=media_type)
    file.put(media_type=media_type)
    got = file.get()
    guarded(got)
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
    file = storage(cloud)
    file.put()
    got = file.get(range=sent)
    observe((got.status_code, got.headers.get("content-range")), (status, content_range))
    if data is None:
        xml(got, 416)
    else:
        observe(got.content, data)


@behaviour("STO-GET-01", "REST-REQ-06")
def test_head_tells_the_length(cloud: Cloud) -> None:
    """HEAD answers like GET, with the length and without the bytes."""
    file = storage(cloud)
    file.put()
    answer = cloud.http.head(file.get_url())
    observe((answer.status_code, answer.headers["content-length"], answer.content), (200, "5", b""))


@behaviour("STO-PUT-03", "REST-CORS-02")
def test_a_browser_may_put_a_file(cloud: Cloud) -> None:
    """A preflight is answered without looking at the signature, and other methods are refused in XML."""
    url = storage(cloud).url.partition("?")[0]
    headers = {"origin": "http://app.example", "access-control-request-method": "PUT"}
    answer = cloud.http.options(url, headers=headers)
    observe((answer.status_code, answer.content), (200, b""))
    observe("PUT" in answer.headers["access-control-allow-methods"], wanted=True)
    guarded(answer)
    wrong = cloud.http.post(url)
    xml(wrong, 405)
    observe(wrong.headers["allow"], "GET, PUT")


@behaviour("AUTH-WORLD-01", "STO-PUT-04")
def test_urls_of_another_world_are_refused(cloud: Cloud, request: pytest.FixtureRequest) -> None:
    """A URL that another world signed finds nothing here."""
    made: Any = cloud.control("POST", "/worlds", {})
    other = Cloud(made["urls"]["port"], cloud.http, is_mock=True)
    request.addfinalizer(lambda: cloud.control("DELETE", f"/worlds/{made['name']}"))
    foreign = storage(other)
    query = urlsplit(foreign.url).query
    xml(storage(cloud).put(url=f"{cloud.origin}/storage/{foreign.key}?{query}"), 404)
