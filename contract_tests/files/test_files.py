import re
from typing import Any

import httpx
import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import URL, Cloud, Like, Person, behaviour, refused

NO_CLAIMS_YET = True


FILE_KEY = Like("uuid", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
PNG = b"\x89PNG\r\n\x1a\n"


def announce(cloud: Cloud, who: Any, size: int = 3, media_type: str = "text/plain", **members: Any) -> httpx.Response:
    body = {"files": [{"Content-Type": media_type, "Content-Length": size}], **members}
    return cloud.call("POST", "/files/getuploadurl", who, json=body)


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
    expect(answer.status_code, 200)
    made = answer.json()
    expect(made, {"data": [{"url": URL, "fileKey": FILE_KEY}] * 3})
    expect(len({one["fileKey"] for one in made["data"]}), 3)
    for one, size in zip(made["data"], sizes, strict=True):
        put = cloud.http.put(one["url"], content=b"x" * size, headers={"content-type": "text/plain"})
        expect(put.status_code, 200)
    storage = cloud.call("GET", "/service-configurations").json()["store"]["server_url"]
    observe([one["url"].startswith(f"{storage}/storage/{one['fileKey']}?") for one in made["data"]], [True] * 3)


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
    refused(cloud.call("POST", "/files/getuploadurl", cloud.user(), json=body), 400, "request.invalid")


@behaviour("FILES-UP-03", "MISC-LIMIT-01")
def test_the_maximum_is_the_one_that_limit_tells(cloud: Cloud) -> None:
    """A file of exactly the size that GET /limit names may be announced, one byte more may not."""
    ann = cloud.user()
    most = cloud.call("GET", "/limit", ann).json()["global"]["rest_api"]["max_upload_file_size"] * 1024
    observe([announce(cloud, ann, size).status_code for size in (most, most + 1)], [200, 400])


@behaviour("FILES-UP-03", "FILES-DOWN-03")
@pytest.mark.parametrize("path", ["/files/getuploadurl", "/files/getdownloadurl"])
def test_urls_are_made_by_post_only(cloud: Cloud, path: str) -> None:
    """The GET of the guide is a wrong method."""
    refused(cloud.call("GET", path, cloud.user()), 405, "method.not_allowed")


@behaviour("FILES-UP-04", "FILES-DOWN-04")
def test_guests_download_but_do_not_upload(cloud: Cloud) -> None:
    """An anonymous user gets no upload URL unless a setting says so, and a download URL always."""
    ann, guest = cloud.user(), cloud.guest()
    refused(announce(cloud, guest), 403, "auth.kind_not_allowed")
    expect(announce(cloud, cloud.jwt_user()).status_code, 200)
    key = upload(cloud, ann)
    expect(cloud.call("POST", "/files/getdownloadurl", guest, json={"fileKeys": [key]}).status_code, 200)
    cloud.configure({"files.anonymous_upload": True})
    observe(announce(cloud, guest).status_code, 200)
    assert "files.anonymous_upload" in cloud.why(path="/api/files/getuploadurl")
    refused(announce(cloud, cloud.app()), 403, "scope.missing")


@behaviour("FILES-UP-05", "ERR-ORDER-04")
def test_a_named_space_must_be_the_callers(cloud: Cloud) -> None:
    """With topicId the caller must be in that space; it is looked up after all syntax."""
    ann, sid = cloud.user(), cloud.user("sid@elsewhere.example")
    private, open_ = cloud.private_space(ann), cloud.open_space(ann)
    refused(announce(cloud, ann, topicId="5f0000000000000000000e01"), 404, "space.not_found")
    refused(announce(cloud, sid, topicId=private), 403, "space.members_only")
    refused(announce(cloud, sid, topicId=open_), 403, "permission.denied")
    refused(announce(cloud, sid, 0, topicId="nothing"), 400, "request.invalid")
    observe(announce(cloud, ann, topicId=open_).status_code, 200)


@behaviour("FILES-UP-05", "DM-COMP-01")
def test_a_company_may_deny_attachments(cloud: Cloud) -> None:
    """Users of a company whose policy denies attachments get no upload URL, whatever they send."""
    company = {"name": "Strict", "domains": ["strict.example"], "deny_attachments": True}
    cloud.control("POST", "/companies", company)
    refused(announce(cloud, cloud.user("eve@strict.example"), 0), 403, "permission.denied")


@behaviour("FILES-DOWN-01", "FILES-DOWN-02", "STO-GET-01", "FILES-DOWN-04")
def test_download_urls_come_in_order(cloud: Cloud) -> None:
    """Whoever knows a key gets a URL that gives the stored bytes and type, in the order of the request."""
    ann, sid = cloud.user(), cloud.user("sid@elsewhere.example")
    keys = [upload(cloud, ann, b"one", "text/plain"), upload(cloud, ann)]
    answer = cloud.call("POST", "/files/getdownloadurl", sid, json={"fileKeys": [*keys, keys[0]]})
    expect(answer.status_code, 200)
    data = answer.json()["data"]
    observe([set(one) for one in data], [{"url", "fileKey"}] * 3)
    observe([one["fileKey"] for one in data], [*keys, keys[0]])
    found = [cloud.http.get(one["url"]) for one in data]
    expect(
        [(one.content, one.headers["content-type"]) for one in found[:2]], [(b"one", "text/plain"), (PNG, "image/png")]
    )


@behaviour("FILES-DOWN-03")
def test_unknown_and_awaited_files_are_not_found(cloud: Cloud) -> None:
    """A key that nobody made, or whose file never came, is not found; a body without keys is bad input."""
    ann = cloud.user()
    awaited = announce(cloud, ann).json()["data"][0]["fileKey"]
    for key in (awaited, "5f000000-0000-4000-8000-000000000e01", "../../etc/passwd", ""):
        refused(cloud.call("POST", "/files/getdownloadurl", ann, json={"fileKeys": [key]}), 404, "file.not_found")
    bodies: list[Any] = [{}, {"fileKeys": []}, {"fileKeys": "x"}, {"fileKeys": [1]}, {"fileKeys": None}]
    for body in bodies:
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
    expect({name: shown[name] for name in plain}, plain)
    expect(cloud.http.get(shown["path"]).content, b"big")
    observe(shown["previewUrl"], shown["path"] if image else "")
    observe(shown["thumbnailUrl"], shown["path"] if image else "")
    observe(cloud.http.get(thumbed["thumbnailUrl"]).content, b"small")
    observe(thumbed["thumbnailFile"], small)


@behaviour("MSG-VIEWER-01", "FILES-VIEW-01", "ERR-ORDER-01")
def test_a_viewer_url_leads_to_the_file(cloud: Cloud) -> None:
    """The viewer URL of a file in a message needs no credential and answers where the bytes are."""
    ann = cloud.user()
    key, stray = upload(cloud, ann), upload(cloud, ann)
    mia = cloud.user("mia@example.com")
    space = cloud.private_space(ann, invitees=[{"invitee": mia.username, "role": "guest"}])
    message = cloud.message(space, ann, "", content={"data": [{"fileId": key}, {"fileId": "missing"}]})
    path = f"/messages/{message['_id']}/files"
    answer = cloud.call("GET", f"{path}/{key}/viewerUrl", ann)
    expect(answer.status_code, 200)
    url = answer.json()["data"][0]["url"]
    observe(answer.json(), {"data": [{"url": url}]})
    observe(url.startswith(f"{cloud.api}/files/viewUrls/"), wanted=True)
    by_guest = cloud.message(space, mia, "", content={"data": [{"fileId": key}]})["_id"]
    observe(cloud.call("GET", f"/messages/{by_guest}/files/{key}/viewerUrl", mia).status_code, 200)
    viewed = cloud.http.get(url)
    observe(viewed.json(), {"data": [{"url": URL}]})
    observe(cloud.http.get(viewed.json()["data"][0]["url"]).content, PNG)
    for other in (stray, "missing", "nothing"):
        refused(cloud.call("GET", f"{path}/{other}/viewerUrl", ann), 404, "file.not_found")
    refused(cloud.call("GET", f"/messages/nothing/files/{key}/viewerUrl", ann), 404, "message.not_found")
    stranger = cloud.user("sid@elsewhere.example")
    refused(cloud.call("GET", f"{path}/{key}/viewerUrl", stranger), 403, "space.members_only")
    refused(cloud.call("GET", f"{path}/nothing/viewerUrl", stranger), 404, "file.not_found")
    token = url.rpartition("/")[2]
    for bad in (token[:-1], f"x{token}", re.sub(r"^[^.]*", "", token), key, "%00"):
        refused(cloud.call("GET", f"/files/viewUrls/{bad}"), 404, "token.not_found")
