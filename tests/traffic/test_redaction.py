"""Nothing secret or personal leaves a recording: neither in reports nor in a redacted archive."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mockspaces.traffic.command import command
from mockspaces.traffic.credentials import encoded
from tests.traffic.conftest import Object, Write, checked, entry, loaded, recorded, socket

TOKEN = "0123456789abcdef0123456789abcdef01234567"
JWT = f"{encoded({'alg': 'HS256', 'kid': 'Kid-Planted'})}.{encoded({'email': 'Eve-Planted@example.net'})}.c2lnbmF0dXJl"
SECRETS = (
    *("Word Planted", "planted@example.net", "planted%40example.net", "PlantedHost", "planted-cookie", "plantedName"),
    *("4915112345678", "plantedPassword", TOKEN, JWT, "c2lnbmF0dXJl", "Planted", "planted"),
)
PLANTED: dict[str, Any] = {
    "text": "Word Planted",
    "address": "planted@example.net",
    "phone": 4915112345678,
    "token": TOKEN,
    "access_token": JWT,
    "password": "plantedPassword",
    "url": f"https://PlantedHost.example.org/planted?token={TOKEN}#access_token={JWT}",
    "path": "/planted/planted@example.net",
    "planted@example.net": ["Word Planted", {"deep": "Word Planted"}],
    "code": "planted.code2",
    "_id": "plantedName",
}
HEADERS = [
    {"name": name, "value": value}
    for name, value in {
        "Authorization": f"jwt {JWT}",
        "Cookie": "csrftoken=planted-cookie; planted=planted-cookie",
        "Set-Cookie": "sessionid=planted-cookie; Path=/planted; Domain=planted.example",
        "X-Planted": "Word Planted",
        "Referer": "https://PlantedHost.example.org/planted",
        "Location": f"https://spaces.avayacloud.com/planted?code={TOKEN}",
        "ETag": "planted-cookie",
        "Content-Type": "application/json; boundary=planted",
        "Accept": "Word Planted",
        "spaces-x-space-password": "plantedPassword",
        ":authority": "planted",
    }.items()
]


def plant() -> list[Object]:
    """Return entries with a secret in every place that an archive has."""
    query = f"?token={TOKEN}&search=Word%20Planted&planted%40example.net=planted&odd=planted"
    body = json.dumps(PLANTED)
    more: dict[str, Any] = {"sent": HEADERS, "headers": HEADERS, "type": "application/json"}
    asked = [
        entry("POST", f"/api/users/me{query}", 200, PLANTED, post=body, **more),
        entry(
            "GET", f"/api/spaces/plantedName{query}", 403, {"code": "plantedName", "message": "Word Planted"}, **more
        ),
        entry("GET", "/api/users/me", 200, {"displayname": "Word Planted", "planted@example.net": 1}, **more),
        entry("POST", "/oauth2/access_token", 200, PLANTED, post=f"client_secret=plantedPassword&code={TOKEN}", **more),
        entry("GET", "/api/planted/plantedName", 200, "<p>Word Planted</p>", **(more | {"type": "text/html"})),
        entry("ODD", "/api/users/me", 200, "planted", **more),
        entry(host="planted.example.net", body=PLANTED),
        socket(
            ("send", f"40/chat?token={JWT}"),
            ("receive", f'42/chat,["MESSAGE_SENT",{body}]'),
            ("receive", f'42/chat,["Word Planted",{body}]'),
            ("receive", '44/chat,"Word Planted"'),
            ("receive", "planted"),
            ("send", f'42/planted,["ODD",{body}]'),
            ("receive", '0{"sid":"planted","Word Planted":1}'),
            query=f"EIO=3&token={JWT}&odd=planted",
        ),
    ]
    for one in asked:
        one["comment"] = one["_planted"] = one["serverIPAddress"] = "Word Planted"
        one["request"]["cookies"] = [{"name": "planted", "value": "planted"}]
    asked[3]["request"]["postData"]["mimeType"] = "application/x-www-form-urlencoded"
    asked[3]["request"]["headers"] = [{"name": "Content-Type", "value": "application/x-www-form-urlencoded"}]
    return asked


def leaks(text: str) -> list[str]:
    return [one for one in SECRETS if one.lower() in text.lower()]


def test_a_report_has_no_secret(write: Write, tmp_path: Path) -> None:
    """Secrets that stand in every place of an archive are in no report and in nothing that is printed."""
    folder = tmp_path / "report"
    found = CliRunner().invoke(command, [str(write(*plant())), "--report", str(folder)])
    assert found.exit_code == 1
    assert leaks(found.output) == [], found.output
    for name in ("report.json", "report.md"):
        assert leaks((folder / name).read_text(encoding="utf-8")) == [], name


def test_a_redacted_archive_has_no_secret(write: Write, tmp_path: Path) -> None:
    """Nor are they in an archive that was redacted, which is still one, without the exchanges of others."""
    out = tmp_path / "shared.har"
    found = CliRunner().invoke(command, ["--redact", str(write(*plant())), str(out)])
    assert found.exit_code == 0, found.output
    assert "7 entries, 1 left out" in found.output
    assert leaks(out.read_text(encoding="utf-8")) == []
    assert len(loaded(out)) == 7


async def test_a_redacted_archive_shows_the_same(tmp_path: Path) -> None:
    """A check of a redacted recording finds what a check of the recording finds."""
    path, out = tmp_path / "session.har", tmp_path / "shared.har"
    await recorded(path)
    assert CliRunner().invoke(command, ["--redact", str(path), str(out)]).exit_code == 0
    before, after = checked(path), checked(out)
    assert after.differences == before.differences == {}
    assert {name: one.claims for name, one in after.evidence.items()} == {
        name: one.claims for name, one in before.evidence.items()
    }
    text = out.read_text(encoding="utf-8")
    assert not [word for word in ("pears", "Harvest", "ann@", "Gast") if word in text]


async def test_a_recording_of_our_own_has_no_token(tmp_path: Path) -> None:
    """What the recorder writes has the texts, and credentials by their form alone: the same one in the same place."""
    path = tmp_path / "session.har"
    answers = await recorded(path)
    text = path.read_text(encoding="utf-8")
    assert "the pears are ripe" in text
    assert answers[0].request.headers["authorization"].split()[1] not in text
    assert answers[7].json()["token"] not in text
    tokens = {
        header["value"]
        for one in loaded(path)
        for header in one["request"]["headers"]
        if header["name"] == "authorization"
    }
    assert sorted(map(len, tokens)) == [0, 47]


@pytest.mark.parametrize("arguments", [["one.har"], ["one.har", "one.har"]])
def test_redacting_never_writes_over_the_recording(write: Write, arguments: list[str]) -> None:
    """Redacting wants a second file, and not the same."""
    path = write(entry(body={}), name="one.har")
    before = path.read_bytes()
    found = CliRunner().invoke(command, ["--redact", *(str(path.parent / one) for one in arguments)])
    assert found.exit_code == 2
    assert path.read_bytes() == before
