"""What Chromium records: the traffic of the contract suite, made by a page, and somebody who signs in at pages."""

import asyncio
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from click.testing import CliRunner

from mockspaces.traffic.command import command
from mockspaces.verification import runs
from tests.conftest import Serve, require
from tests.test_verify_end_to_end import CLEAN, DIFFERENT, differing, findings, only, verify
from tests.traffic.chromium import Chromium, Page, save
from tests.traffic.conftest import Object, Write, free_port, loaded
from tests.traffic.driven import OPTIONS, driven
from tests.traffic.test_suite_on_recording import LIES

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

PART = ("USERS-READ", "RT-EP-05")  # sockets of both protocols are in it
PROTOCOL_3, PROTOCOL_4 = "RT-EP-06", "RT-EP-05"
STATE = "planted-state-of-the-application"
LEAST = 16  # characters that nothing but a secret has
LOGIN = """
document.querySelector("#UsernameInput input").value = "ann@example.com";
document.querySelector("#PasswordInput input").value = "ann-secret";
document.getElementById("GetStartedBtn").click();
"""
CONSENT = """document.querySelector('button[value="allow"]').click()"""
EXCHANGE = """
const [url, form] = %s;
const asked = {method: "POST", body: new URLSearchParams(form)};
const granted = await (await fetch(url + "/oauth2/access_token", asked)).json();
const headers = {Authorization: "Bearer " + granted.access_token};
return (await (await fetch(url + "/api/users/me", {headers})).json()).username;
"""


async def sign_in(page: Page, url: str) -> str:
    """Sign in and consent at the pages of the identity server, and return whose token that leads to."""
    callback = f"{url}/callback"
    async with httpx.AsyncClient() as client:
        made = (await client.post(f"{url}/_mock/oauth-clients", json={"redirect_uris": [callback]})).json()
    app = {"client_id": made["client_id"], "redirect_uri": callback}
    await page.go(f"{url}/oauth2/authorize?{urlencode({**app, 'response_type': 'code', 'state': STATE})}")
    await page.at("/account/login/")
    await page.run(LOGIN)
    await page.at("/oauth2/authorize/confirm")
    await page.run(CONSENT)
    back = parse_qs(urlsplit(await page.at("/callback")).query)
    form = {**app, "client_secret": made["client_secret"], "grant_type": "authorization_code", "code": back["code"][0]}
    await page.go("about:blank")  # from where a page without web security may ask everybody
    await page.at("blank")
    return str(await page.run(EXCHANGE % json.dumps([url, form])))


async def record(url: str, folder: Path) -> list[Object]:
    """Let a page make the requests of a part of the suite, and sign in afterwards; return what the browser saw."""
    async with Chromium(require("chromium"), folder / "user", *OPTIONS) as browser:
        async with driven(browser.page, url) as own:
            profile, results = folder / "driven.toml", folder / "run.json"
            text = f'name = "driven"\nkind = "mock"\ncontrol = "{own}/_mock"\nthrough = "{own}"\n'
            await asyncio.to_thread(profile.write_text, text)
            process = runs.start(results, ["--target", str(profile), *only(*PART)])
            await asyncio.to_thread(runs.follow, process, results, lambda _line: None)
        assert await sign_in(browser.page, url) == "ann@example.com"
        await browser.page.settled()
        return browser.page.entries()


def secrets(entries: Iterable[Object]) -> Iterator[str]:
    """Yield what a report must not tell: credentials, cookies, and what was typed."""
    yield from (STATE, "ann-secret")
    for one in entries:
        headers = [*one["request"]["headers"], *one["response"]["headers"]]
        for name in ("authorization", "cookie", "set-cookie", "location"):
            for value in (pair["value"] for pair in headers if pair["name"].lower() == name):
                yield from re.findall(rf"(?<=[ =])[\w.-]{{{LEAST},}}(?=[;&]|$)", value)


def told(folder: Path) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*")) if path.is_file())


def test_what_chromium_records(serve: Serve, tmp_path: Path, write: Write) -> None:
    """The archive checks clean and confirms what the suite shows, lies are found in it, and no report has a secret."""
    served = serve("--host", "127.0.0.1", "--port", str(free_port()))
    entries = asyncio.run(record(served.url, tmp_path))
    served.end()
    archive, reports = tmp_path / "chromium.har", tmp_path / "reports"
    save(entries, archive)
    found = CliRunner().invoke(command, [str(archive), "--report", str(reports / "check")])
    assert found.exit_code == CLEAN, found.output
    shown = json.loads((reports / "check" / "report.json").read_text(encoding="utf-8"))["statements"]
    assert {PROTOCOL_3, PROTOCOL_4} <= {name for name, one in shown.items()}
    ran = verify("--target", archive, "--report", reports / "true", *only(*PART))
    assert (ran.returncode, differing(reports / "true")) == (CLEAN, set()), ran.stdout + ran.stderr
    verdicts = {name: one["verdict"] for name, one in findings(reports / "true").items()}
    assert {name for name, one in verdicts.items() if one == "confirmed"} >= LIES.keys(), verdicts
    assert verdicts[PROTOCOL_4] in ("confirmed", "partly")
    lying = loaded(archive)
    for one in lying:
        for lie in LIES.values():
            lie(one)
    ran = verify("--target", write(*lying, name="lies.har"), "--report", reports / "lies", *only(*PART))
    assert (ran.returncode, differing(reports / "lies") >= LIES.keys()) == (DIFFERENT, True), ran.stdout + ran.stderr
    kept = told(reports) + found.output
    assert not {one for one in secrets(entries) if one in kept}
    assert len(set(secrets(entries))) > len(entries) / LEAST  # there were many to be found
