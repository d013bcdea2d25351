"""The code flow with somebody at a browser, who is played by a client that fills in the mock's pages."""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import httpx
import pytest

from contract_tests import oauth
from contract_tests.browser import FRAGMENT, Browser
from contract_tests.claims import Need, NotTried
from contract_tests.preflight import check
from contract_tests.profiles import Profile, ServiceCloud, connect
from mockspaces.client import Mockspaces
from tests.conftest import MOCKSPACES


def decide(url: str, username: str, password: str, decision: str) -> None:
    """Sign in and decide as a person does, and follow where that leads, to the application at last."""
    with httpx.Client() as client:
        answer = client.get(url)
        while answer.is_redirect:
            url = urljoin(str(answer.url), answer.headers["location"])
            if urlsplit(url).path == "/callback":
                client.get(url.partition("#")[0])
                if "#" in url:  # as the page that is shown there does
                    client.get(f"{urljoin(url, '/')}{FRAGMENT}?{quote(url.partition('#')[2], safe='')}")
                return
            answer = client.get(url)
            if answer.status_code == 200:
                token = oauth.Page(answer.text).fields["csrfmiddlewaretoken"]
                signing_in = "password" in oauth.Page(answer.text).fields
                form = {"username": username, "password": password} if signing_in else {"decision": decision}
                answer = client.post(answer.url, data={"csrfmiddlewaretoken": token, **form})


@pytest.fixture
def redirect_uri() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}/callback"


@pytest.fixture
def interactive(profile: Profile, mock: Mockspaces, redirect_uri: str) -> Profile:
    """The profile of everything, with a client whose redirects this machine receives."""
    client = mock.call("POST", "/oauth-clients", {"redirect_uris": [redirect_uri]})
    environment = {**profile.environment, "ID": client["client_id"], "SECRET": client["client_secret"]}
    return replace(
        profile, environment=environment, oauth_client={**profile.oauth_client, "redirect_uri": redirect_uri}
    )


@pytest.fixture
def cloud(interactive: Profile, redirect_uri: str) -> Iterator[ServiceCloud]:
    """A service, with ann at the browser."""
    asked: list[str] = []
    people: list[threading.Thread] = []

    def opens(url: str) -> None:
        decision = asked[-1].partition(": ")[0].rpartition(" ")[2]
        ann = interactive.environment["ANN"], interactive.environment["ANN_PASSWORD"]
        people.append(threading.Thread(target=decide, args=(url, *ann, decision)))
        people[-1].start()

    browser = Browser(redirect_uri, asked.append, opens)
    with connect(interactive) as http:
        yield ServiceCloud(replace(interactive, browser=browser), http)
    for one in people:
        one.join()
    browser.close()


def test_a_code_is_fetched_by_a_person(cloud: ServiceCloud) -> None:
    """It is exchanged once, and the state is that of the request."""
    client = oauth.register(cloud)
    where = oauth.authorize(cloud, client, state="a&b")
    assert where.startswith(f"{client.redirect_uri}?state=")
    assert oauth.query_of(where)["state"] == "a&b"
    value = oauth.query_of(where)["code"]
    assert oauth.works(cloud, oauth.granted(oauth.exchange(cloud, client, value))["access_token"])
    assert oauth.exchange(cloud, client, value).status_code == 400


def test_a_person_may_deny(cloud: ServiceCloud) -> None:
    """The decision is part of what they are asked."""
    assert oauth.query_of(oauth.authorize(cloud, oauth.register(cloud), decision="deny"))["error"] == "access_denied"


def test_an_answer_in_the_fragment_arrives(cloud: ServiceCloud) -> None:
    """The implicit flow sends it where no server sees it; the page passes it on."""
    where = oauth.authorize(cloud, oauth.register(cloud), response_type="token", scope="email spaces")
    found = oauth.fragment_of(where)
    assert found["state"] == "s1"
    assert oauth.works(cloud, found["access_token"])


def test_who_does_not_come_back_is_asked_no_more(redirect_uri: str) -> None:
    """After one wait in vain all others are not tried at once; a visit without an answer is none."""
    browser = Browser(redirect_uri, lambda _text: None, lambda _url: None)
    httpx.get(redirect_uri)
    with pytest.raises(NotTried, match="nobody came back"):
        browser.ask("http://there", "ann", "allow", wait=0.1)
    with pytest.raises(NotTried, match="any more"):
        browser.ask("http://there", "ann", "allow")
    browser.close()


def test_without_a_browser_the_reason_is_that(profile: Profile) -> None:
    """A run that is not interactive does not try what needs a person at the browser."""
    with connect(profile) as http, pytest.raises(NotTried, match="needs a person at the browser"):
        ServiceCloud(profile, http).need(Need("browser"))


def test_a_redirect_that_cannot_be_received_is_told_before(profile: Profile, interactive: Profile) -> None:
    """It must be on the loopback, and its port free."""
    assert check(interactive, interactive=True).problems == []
    [said] = check(profile, interactive=True).problems
    assert said.startswith("oauth_client.redirect_uri: it must be http://127.0.0.1:PORT/")
    port = urlsplit(interactive.oauth_client["redirect_uri"]).port or 0
    with socket.create_server(("127.0.0.1", port)):
        [said] = check(interactive, interactive=True).problems
    assert "Address already in use" in said


@pytest.mark.slow
def test_verify_asks_whoever_started_it(interactive: Profile, tmp_path: Path) -> None:
    """The URL is shown while the suite waits, and what the person decides is confirmed."""
    urls = "\n".join(f'{name} = "{url}"' for name, url in interactive.urls.items())
    client = "\n".join(f'{name} = "{value}"' for name, value in interactive.oauth_client.items())
    person = '[people."ann@example.com"]\nusername_env = "ANN"\npassword_env = "ANN_PASSWORD"'
    target = tmp_path / "target.toml"
    head = 'name = "there"\nkind = "service"\ncalls_per_minute = 100000'
    target.write_text(f"{head}\n[urls]\n{urls}\n[oauth_client]\n{client}\n{person}\n", encoding="utf-8")
    command = [*MOCKSPACES, "verify", "--target", str(target), "--interactive", "--only", "ACC-DECIDE-03"]
    surroundings = {**os.environ, **interactive.environment, "BROWSER": "true"}
    ann = interactive.environment["ANN"], interactive.environment["ANN_PASSWORD"]
    said = ""
    with subprocess.Popen(
        [*command, "--report", str(tmp_path)], stderr=subprocess.PIPE, text=True, env=surroundings
    ) as running:
        for line in running.stderr or ():
            said += line
            if "at your browser, please sign in as the account of ANN" in line:
                decide(line.split()[-1], *ann, "deny" if " deny: " in line else "allow")
    assert running.returncode == 0, said
    report = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert '"who denies brings an error and no code"' in report
    assert report.count('"verdict": "partly"') + report.count('"verdict": "confirmed"') == 1, said
