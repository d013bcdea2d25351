"""Two of something, a second time and the exact edge, of files."""

from typing import Any

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import Cloud, Person, behaviour, refused


@step("announce a file")
def announced(cloud: Cloud, who: Person, data: bytes, media_type: str = "text/plain") -> Any:
    body = {"files": [{"Content-Type": media_type, "Content-Length": len(data)}]}
    return cloud.call("POST", "/files/getuploadurl", who, json=body).json()["data"][0]


@behaviour("STO-PUT-01", "STO-PUT-02", "STO-PUT-04", "STO-GET-01", "STO-GET-02", "FILES-UP-01", "FILES-DOWN-01")
def test_two_files_of_two_people_keep_their_own_bytes(cloud: Cloud) -> None:
    """URL, bytes and type of each file are its own: neither is stored or read by what is signed for the other."""
    people = cloud.user(), cloud.user("mia@example.com")
    sent = ((b"of ann", "text/plain"), (b"of mia", "image/png"))
    made = [announced(cloud, who, *file) for who, file in zip(people, sent, strict=True)]
    with claim("FILES-UP-01", "each announced file has a key of its own"):
        expect(len({one["fileKey"] for one in made}), 2)
    for one, (data, media_type), other in zip(made, sent, reversed(sent), strict=True):
        headers = {"Content-Type": media_type}
        with claim("STO-PUT-01", f"{media_type}: the type of the other file is refused, though it has as many bytes"):
            assert cloud.http.put(one["url"], content=data, headers={"Content-Type": other[1]}).is_client_error
        with claim("STO-PUT-02", f"{media_type}: it is stored"):
            answer = cloud.http.put(one["url"], content=data, headers=headers)
            expect((answer.status_code, answer.content), (200, b""))
        with claim("STO-PUT-04", f"{media_type}: it is stored once"):
            assert cloud.http.put(one["url"], content=data, headers=headers).is_client_error
    asked = [
        cloud.call("POST", "/files/getdownloadurl", who, json={"fileKeys": [one["fileKey"]]})
        for who, one in zip(people, made, strict=True)
    ]
    urls = [answer.json()["data"][0]["url"] for answer in asked]
    for turn in (1, 2):
        for url, (data, media_type) in zip(urls, sent, strict=True):
            with claim("FILES-DOWN-01", "STO-GET-01", f"{media_type}, time {turn}: its URL gives its bytes"):
                answer = cloud.http.get(url)
                expect((answer.content, answer.headers["content-type"].partition(";")[0]), (data, media_type))
            with claim("STO-GET-02", f"{media_type}, time {turn}: it is shown in place or saved by its own type"):
                observe("content-disposition" in answer.headers, media_type == "text/plain")
    (first, query), (second, _) = (url.split("?") for url in urls)
    with claim("STO-GET-01", "the signature of one file opens no other"):
        observe(cloud.http.get(f"{second}?{query}").status_code, 403)
    with claim("FILES-DOWN-01", "two keys at once have their URLs in the order of the request"):
        keys = [one["fileKey"] for one in reversed(made)]
        both = cloud.call("POST", "/files/getdownloadurl", people[0], json={"fileKeys": keys}).json()["data"]
        observe([one["url"].split("?")[0] for one in both], [second, first])


@behaviour("FILES-DOWN-03")
def test_one_unknown_file_among_known_ones(cloud: Cloud) -> None:
    """A list of files that has an unknown one, first or last, is refused whole, and the known one alone is not."""
    ann = cloud.user()
    made = announced(cloud, ann, b"bytes")
    cloud.http.put(made["url"], content=b"bytes", headers={"Content-Type": "text/plain"})
    unknown, key = "00000000-0000-4000-8000-000000000000", made["fileKey"]
    for keys in ([unknown, key], [key, unknown]):
        with claim("FILES-DOWN-03", f"unknown at place {keys.index(unknown)}: refused"):
            refused(cloud.call("POST", "/files/getdownloadurl", ann, json={"fileKeys": keys}), 404, "file.not_found")
    with claim("FILES-DOWN-03", "the known one twice is given"):
        answer = cloud.call("POST", "/files/getdownloadurl", ann, json={"fileKeys": [key, key]})
        observe((answer.status_code, len(answer.json()["data"])), (200, 2))
