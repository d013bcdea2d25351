import re
from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import URL, Cloud, Person, behaviour, refused
from contract_tests.sockets import UUID

PNG = b"\x89PNG\r\n\x1a\n"


def announce(cloud: Cloud, who: Any, size: int = 3, media_type: str = "text/plain", **members: Any) -> httpx.Response:
    body = {"files": [{"Content-Type": media_type, "Content-Length": size}], **members}
    return cloud.call("POST", "/files/getuploadurl", who, json=body)


@step("upload a file")
def upload(cloud: Cloud, who: Person, data: bytes = PNG, media_type: str = "image/png") -> str:
    made = announce(cloud, who, len(data), media_type).json()["data"][0]
    answer = cloud.http.put(made["url"], content=data, headers={"content-type": media_type})
    assert answer.status_code == 200, answer.text
    key: str = made["fileKey"]
    return key


@behaviour("FILES-UP-01", "FILES-UP-02", "REST-HOST-01")
def test_upload_urls_come_in_order(cloud: Cloud) -> None:
    """Each announced file gets a key and a URL of the storage of its own, in the order of the request."""
    ann = cloud.user()
    sizes = (5, 7, 9)
    files = [{"Content-Type": "text/plain", "Content-Length": size} for size in sizes]
    answer = cloud.call("POST", "/files/getuploadurl", ann, json={"files": files, "topicId": cloud.space(ann)})
    with claim("FILES-UP-01", "several files and a space are accepted", about=[answer]):
        expect(answer.status_code, 200)
    with claim("FILES-UP-02", "there is a URL and a key for each", about=[answer]):
        expect(answer.json(), {"data": [{"url": URL, "fileKey": UUID}] * 3})
    made = answer.json()["data"]
    with claim("FILES-UP-02", "the keys are different", about=[answer]):
        expect(len({one["fileKey"] for one in made}), 3)
    for one, size in zip(made, sizes, strict=True):
        with claim("FILES-UP-02", f"the URL in the place of the file of {size} bytes takes that file"):
            put = cloud.http.put(one["url"], content=b"x" * size, headers={"content-type": "text/plain"})
            expect(put.status_code, 200)
    with claim("REST-HOST-01", "FILES-UP-02", "the URLs are at the storage that the configuration names"):
        base = cloud.call("GET", "/service-configurations").json()["store"]["server_url"]
        observe([one["url"].startswith(f"{base}/storage/{one['fileKey']}?") for one in made], [True] * 3)


@behaviour("FILES-UP-03")
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"files": []},
        {"files": None},
        {"files": {}},
        {"files": [{}]},
        {"files": [{"Content-Length": 1}]},
        {"files": [{"Content-Type": "text/plain"}]},
        {"files": [{"Content-Type": 1, "Content-Length": 1}]},
        *(
            {"files": [{"Content-Type": "text/plain", "Content-Length": size}]}
            for size in (0, -1, 1.5, "1", None, True, 104_857_601)
        ),
        *(
            {"files": [{"Content-Type": kind, "Content-Length": 1}]}
            for kind in ("", "text", "text/plain\r\nX-Evil: 1", "text/\u00e4", "text/plain;\n")
        ),
        {"files": [{"Content-Type": "text/plain", "Content-Length": 1}], "topicId": 1},
    ],
)
def test_bad_announcements_are_refused(cloud: Cloud, body: Any) -> None:
    """No files, a type that is none, and a length that is no number from 1 to the maximum are bad input."""
    ann = cloud.user()
    with claim("FILES-UP-03", "it is refused"):
        refused(cloud.call("POST", "/files/getuploadurl", ann, json=body), 400, "request.invalid")


@behaviour("FILES-UP-03", "MISC-LIMIT-01")
def test_the_maximum_is_that_of_the_mock(cloud: Cloud) -> None:
    """A file of exactly the size that the setting names may be announced, one byte more may not."""
    ann = cloud.user()
    more = cloud.call("GET", "/limit", ann).json()["global"]["rest_api"]["max_upload_file_size"] * 1024 + 1
    with claim("FILES-UP-03", "MISC-LIMIT-01", "a file larger than GET /limit tells is refused"):
        refused(announce(cloud, ann, more), 400, "request.invalid")
    cloud.configure({"files.max_bytes": 4096})
    with claim("FILES-UP-03", "a file of the maximum is accepted"):
        observe(announce(cloud, ann, 4096).status_code, 200)
    with claim("FILES-UP-03", "one byte more is refused"):
        refused(announce(cloud, ann, 4097), 400, "request.invalid")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        pytest.param("/files/getuploadurl", "FILES-UP-03", marks=behaviour("FILES-UP-03")),
        pytest.param("/files/getdownloadurl", "FILES-DOWN-03", marks=behaviour("FILES-DOWN-03")),
    ],
)
def test_urls_are_made_by_post_only(cloud: Cloud, path: str, shown: str) -> None:
    """The GET of the guide is a wrong method."""
    ann = cloud.user()
    with claim(shown, "GET is a wrong method"):
        answer = cloud.call("GET", path, ann)
        refused(answer, 405, "method.not_allowed")
        observe(answer.status_code, 405)


@behaviour("FILES-UP-04", "FILES-DOWN-04")
def test_guests_download_but_do_not_upload(cloud: Cloud) -> None:
    """An anonymous user gets no upload URL unless a setting says so, and a download URL always."""
    guest = cloud.guest()
    with claim("FILES-UP-04", "an anonymous user gets no URL to upload"):
        refused(announce(cloud, guest), 403, "auth.kind_not_allowed")
    by_jwt = cloud.jwt_user()
    with claim("FILES-UP-04", "a registered user with a JWT gets one"):
        expect(announce(cloud, by_jwt).status_code, 200)
    key = upload(cloud, by_jwt)
    with claim("FILES-DOWN-04", "an anonymous user who knows the key gets a URL to download"):
        expect(cloud.call("POST", "/files/getdownloadurl", guest, json={"fileKeys": [key]}).status_code, 200)
    cloud.configure({"files.anonymous_upload": True})
    with claim("FILES-UP-04", "by setting an anonymous user gets a URL to upload"):
        observe(announce(cloud, guest).status_code, 200)
        cloud.explains("files.anonymous_upload", path="/api/files/getuploadurl")
    app = cloud.app()
    with claim("FILES-UP-04", "by setting a service app gets none yet"):
        refused(announce(cloud, app), 403, "scope.missing")


@behaviour("FILES-UP-04")
def test_apps_do_not_upload(cloud: Cloud) -> None:
    """A service app gets no URL to upload: the call has no scope for it."""
    app = cloud.app("spaces.create")
    with claim("FILES-UP-04", "a service app gets no URL to upload"):
        refused(announce(cloud, app), 403, "scope.missing")


@behaviour("FILES-UP-05", "ERR-ORDER-04")
def test_a_named_space_must_be_the_callers(cloud: Cloud) -> None:
    """With topicId the caller must be in that space; it is looked up after all syntax."""
    ann = cloud.user()
    private, open_ = cloud.private_space(ann), cloud.open_space(ann)
    with claim("FILES-UP-05", "an unknown space is not found"):
        refused(announce(cloud, ann, topicId="5f0000000000000000000e01"), 404, "space.not_found")
    with claim("FILES-UP-05", "who is in the space gets a URL"):
        observe(announce(cloud, ann, topicId=open_).status_code, 200)
    with claim("FILES-UP-05", "ERR-ORDER-04", "the space is looked up when all syntax is right"):
        answer = announce(cloud, ann, 0, topicId="nothing")
        refused(answer, 400, "request.invalid")
        observe(answer.status_code, 400)
    sid = cloud.user("sid@elsewhere.example")
    with claim("FILES-UP-05", "a stranger in a private space is refused"):
        refused(announce(cloud, sid, topicId=private), 403, "space.members_only")
    with claim("FILES-UP-05", "a stranger in an open space is refused"):
        refused(announce(cloud, sid, topicId=open_), 403, "permission.denied")
    with claim("ERR-ORDER-04", "syntax comes first for a stranger too"):
        answer = announce(cloud, sid, 0, topicId="nothing")
        refused(answer, 400, "request.invalid")
        observe(answer.status_code, 400)


@behaviour("FILES-UP-05", "DM-COMP-01")
def test_a_company_may_deny_attachments(cloud: Cloud) -> None:
    """Users of a company whose policy denies attachments get no upload URL, whatever they send."""
    company = {"name": "Strict", "domains": ["strict.example"], "deny_attachments": True}
    cloud.control("POST", "/companies", company)
    eve = cloud.user("eve@strict.example")
    with claim("FILES-UP-05", "DM-COMP-01", "its users are refused before all syntax"):
        refused(announce(cloud, eve, 0), 403, "permission.denied")


@behaviour("FILES-DOWN-01", "FILES-DOWN-02", "STO-GET-01", "FILES-DOWN-04")
def test_download_urls_come_in_order(cloud: Cloud) -> None:
    """Whoever knows a key gets a URL that gives the stored bytes and type, in the order of the request."""
    ann = cloud.user()
    keys = [upload(cloud, ann, b"one", "text/plain"), upload(cloud, ann)]
    answer = cloud.call("POST", "/files/getdownloadurl", ann, json={"fileKeys": [*keys, keys[0]]})
    with claim("FILES-DOWN-01", "several keys are accepted, one of them twice", about=[answer]):
        expect(answer.status_code, 200)
    with claim("FILES-DOWN-02", "there is a URL and a key for each", about=[answer]):
        observe([set(one) for one in answer.json()["data"]], [{"url", "fileKey"}] * 3)
    with claim("FILES-DOWN-02", "they come in the order of the keys", about=[answer]):
        observe([one["fileKey"] for one in answer.json()["data"]], [*keys, keys[0]])
    data = answer.json()["data"]
    for one, content, media_type in zip(data, (b"one", PNG), ("text/plain", "image/png"), strict=False):
        with claim("STO-GET-01", "FILES-DOWN-02", f"the URL of {media_type} gives the stored bytes and type"):
            got = cloud.http.get(one["url"])
            expect((got.content, got.headers["content-type"]), (content, media_type))
    sid = cloud.user("sid@elsewhere.example")
    with claim("FILES-DOWN-04", "somebody of no company who knows the keys gets URLs too"):
        theirs = cloud.call("POST", "/files/getdownloadurl", sid, json={"fileKeys": keys})
        expect(theirs.status_code, 200)
        expect(cloud.http.get(theirs.json()["data"][0]["url"]).content, b"one")


@behaviour("FILES-DOWN-03")
def test_unknown_and_awaited_files_are_not_found(cloud: Cloud) -> None:
    """A key that nobody made, or whose file never came, is not found; a body without keys is bad input."""
    ann = cloud.user()
    awaited = announce(cloud, ann).json()["data"][0]["fileKey"]
    for name, key in (
        ("a file that never came", awaited),
        ("a key that nobody made", "5f000000-0000-4000-8000-000000000e01"),
        ("a path", "../../etc/passwd"),
        ("an empty key", ""),
    ):
        with claim("FILES-DOWN-03", f"{name} is not found"):
            refused(cloud.call("POST", "/files/getdownloadurl", ann, json={"fileKeys": [key]}), 404, "file.not_found")
    bodies: list[Any] = [{}, {"fileKeys": []}, {"fileKeys": "x"}, {"fileKeys": [1]}, {"fileKeys": None}]
    for body in bodies:
        with claim("FILES-DOWN-03", f"{body} is bad input"):
            refused(cloud.call("POST", "/files/getdownloadurl", ann, json=body), 400, "request.invalid")


@behaviour("DM-ATT-02", "MSG-GEN-08", "STO-GET-01")
@pytest.mark.parametrize(
    ("file_type", "media_type", "image"), [("image", "image/png", True), ("document", "text/plain", False)]
)
def test_attachments_lead_to_their_files(cloud: Cloud, file_type: str, media_type: str, image: bool) -> None:  # noqa: FBT001 - a table
    """The path of an attachment gives its file, the preview too if it is an image, and a thumbnail its own file."""
    ann = cloud.user()
    space = cloud.space(ann)
    key, small = upload(cloud, ann, b"big", media_type), upload(cloud, ann, b"small")
    plain = {"fileId": key, "fileSize": 3, "fileType": file_type, "name": "a", "providerFileType": media_type}
    sent = cloud.message(space, ann, "", content={"data": [plain, {**plain, "thumbnailFile": small}]})
    shown, thumbed = cloud.call("GET", f"/messages/{sent['_id']}", ann).json()["content"]["data"]
    with claim("DM-ATT-02", "what a client says of its file is shown"):
        expect({name: shown[name] for name in plain}, plain)
    with claim("DM-ATT-02", "STO-GET-01", "the path gives the file"):
        expect(cloud.http.get(shown["path"]).content, b"big")
    with claim("DM-ATT-02", f"{'there is a' if image else 'there is no'} preview"):
        observe(shown["previewUrl"], shown["path"] if image else "")
    with claim("DM-ATT-02", f"{'there is a' if image else 'there is no'} thumbnail"):
        observe(shown["thumbnailUrl"], shown["path"] if image else "")
    with claim("DM-ATT-02", "STO-GET-01", "a thumbnail of its own is at its own URL"):
        observe(cloud.http.get(thumbed["thumbnailUrl"]).content, b"small")
        observe(thumbed["thumbnailFile"], small)
    forged = dict.fromkeys(("path", "previewUrl", "thumbnailUrl"), "https://elsewhere.example/x")
    answered = cloud.message(space, ann, "", content={"data": [{**plain, **forged}]})["content"]["data"][0]
    for name, url in forged.items():
        with claim("MSG-GEN-08", f"{name} of a client is dropped"):
            observe(answered[name] != url, wanted=True)
    with claim("MSG-GEN-08", "the path is computed from the file"):
        observe(cloud.http.get(answered["path"]).content, b"big")


@behaviour("MSG-VIEWER-01", "FILES-VIEW-01", "ERR-ORDER-01")
def test_a_viewer_url_leads_to_the_file(cloud: Cloud) -> None:
    """The viewer URL of a file in a message needs no credential and answers where the bytes are."""
    ann = cloud.user()
    key, stray = upload(cloud, ann), upload(cloud, ann)
    space = cloud.private_space(ann)
    message = cloud.message(space, ann, "", content={"data": [{"fileId": key}, {"fileId": "missing"}]})
    path = f"/messages/{message['_id']}/files"
    answer = cloud.call("GET", f"{path}/{key}/viewerUrl", ann)
    with claim("MSG-VIEWER-01", "the answer is a URL of the viewer", about=[answer]):
        expect(answer.status_code, 200)
        observe(answer.json(), {"data": [{"url": URL}]})
        observe(answer.json()["data"][0]["url"].startswith(f"{cloud.api}/files/viewUrls/"), wanted=True)
    for name, other in (
        ("that is in no message", stray),
        ("that nobody sent", "missing"),
        ("of no such key", "nothing"),
    ):
        with claim("MSG-VIEWER-01", f"a file {name} is not found"):
            refused(cloud.call("GET", f"{path}/{other}/viewerUrl", ann), 404, "file.not_found")
    with claim("MSG-VIEWER-01", "an unknown message is not found"):
        refused(cloud.call("GET", f"/messages/nothing/files/{key}/viewerUrl", ann), 404, "message.not_found")
    url = answer.json()["data"][0]["url"]
    viewed = cloud.http.get(url)
    with claim("FILES-VIEW-01", "without a credential it answers a URL of the storage", about=[viewed]):
        observe(viewed.json(), {"data": [{"url": URL}]})
    with claim("FILES-VIEW-01", "that URL gives the file"):
        observe(cloud.http.get(viewed.json()["data"][0]["url"]).content, PNG)
    token = url.rpartition("/")[2]
    for name, bad in (
        ("a shortened token", token[:-1]),
        ("a prolonged token", f"x{token}"),
        ("the signature alone", re.sub(r"^[^.]*", "", token)),
        ("the key of the file", key),
        ("a zero byte", "%00"),
    ):
        with claim("FILES-VIEW-01", f"{name} is not found"):
            refused(cloud.call("GET", f"/files/viewUrls/{bad}"), 404, "token.not_found")
    stranger = cloud.user("sid@elsewhere.example")
    with claim("MSG-VIEWER-01", "a stranger is refused"):
        refused(cloud.call("GET", f"{path}/{key}/viewerUrl", stranger), 403, "space.members_only")
    with claim("ERR-ORDER-01", "an unknown file is not found before a stranger is refused"):
        refused(cloud.call("GET", f"{path}/nothing/viewerUrl", stranger), 404, "file.not_found")


@behaviour("MSG-VIEWER-01")
def test_a_guest_sees_their_own_file(cloud: Cloud) -> None:
    """A guest of a private space gets the viewer URL of a file that they sent, whoever uploaded it."""
    ann, mia = cloud.user(), cloud.user("mia@example.com")
    key = upload(cloud, ann)
    space = cloud.private_space(ann, invitees=[{"invitee": mia.username, "role": "guest"}])
    sent = cloud.message(space, mia, "", content={"data": [{"fileId": key}]})["_id"]
    with claim("MSG-VIEWER-01", "a guest gets a URL of the viewer"):
        observe(cloud.call("GET", f"/messages/{sent}/files/{key}/viewerUrl", mia).status_code, 200)
