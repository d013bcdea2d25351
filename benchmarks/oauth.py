"""What the identity server costs: tokens beside raw signing and a bare POST, redirect and page beside a bare GET."""

import json
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from benchmarks import load
from benchmarks.effort import Effort
from benchmarks.load import Rate, Target
from benchmarks.processes import FLOOR, MOCK, run, server
from benchmarks.report import Figure, beside, ratios
from mockspaces.client import Mockspaces, OAuthClient
from mockspaces.cloud.kernel import keys

CALLBACK = "https://app.example/callback"
ANN, PASSWORD = "ann@example.com", "ann-secret"
FORM = "application/x-www-form-urlencoded"
PASSWORD_GRANT = {"grant_type": "password", "username": ANN, "password": PASSWORD}


def tokens(effort: Effort) -> list[Figure]:
    """POST /oauth2/access_token by each grant: HS256 beside a bare POST of the same answer, RS256 beside signing."""
    with server(MOCK) as (url, pid), Mockspaces(url) as mock:
        client = mock.oauth_client(redirect_uris=[CALLBACK])
        target, answer = _granted(url, pid, client, PASSWORD_GRANT)
        with server(FLOOR, answer) as (floor_url, floor_pid):
            floor = Target(floor_url, floor_pid, [load.post(f"{floor_url}/", b'{"grant_type":"password"}')])
            figures = [
                beside(
                    "token endpoint HS256 / bare POST", run(load.in_turn(target, floor, effort=effort)), budget=0.45
                ),
                _refresh(target, json.loads(answer)["refresh_token"], client, floor, effort),
                _codes(mock, target, client, floor, effort),
            ]
        mock.settings(accounts_id_token_style="rs256")
        return [*figures, _signed(target, effort)]


def _granted(url: str, pid: int, client: OAuthClient, grant: dict[str, str]) -> tuple[Target, bytes]:
    """Return a token request, and what it is answered with."""
    form = _form(client, grant)
    answer = httpx.post(f"{url}/oauth2/access_token", content=form, headers={"Content-Type": FORM})
    assert answer.status_code == 200, answer.text
    return Target(url, pid, [_request(url, client, grant)]), answer.content


def _form(client: OAuthClient, grant: dict[str, str]) -> bytes:
    return urlencode({**grant, "client_id": client.client_id, "client_secret": client.client_secret}).encode()


def _request(url: str, client: OAuthClient, grant: dict[str, str]) -> bytes:
    return load.post(f"{url}/oauth2/access_token", _form(client, grant), kind=FORM)


def _refresh(mock: Target, token: str, client: OAuthClient, floor: Target, effort: Effort) -> Figure:
    request = _request(mock.url, client, {"grant_type": "refresh_token", "refresh_token": token})
    rates = run(load.in_turn(mock._replace(requests=[request]), floor, effort=effort))
    return beside("token endpoint, refresh / bare POST", rates)


def _codes(mock: Mockspaces, target: Target, client: OAuthClient, floor: Target, effort: Effort) -> Figure:
    """Redeem authorization codes, each once."""
    mock.settings(accounts_auto_login=ANN, accounts_auto_consent=True)
    values: list[Rate] = []
    floors: list[Rate] = []
    for _ in range(min(effort.rounds, 3)):
        with httpx.Client() as browser:
            requests = [_request(mock.url, client, _code(browser, mock.url, client)) for _ in range(effort.codes)]
        values.append(run(load.once(target._replace(requests=requests))))
        floors.append(run(load.once(floor._replace(requests=list(floor.requests) * effort.codes))))
    mock.settings(accounts_auto_login=None, accounts_auto_consent=False)
    return beside("token endpoint, code / bare POST", [values, floors], note=f"{effort.codes} codes, each once")


def _code(browser: httpx.Client, url: str, client: OAuthClient) -> dict[str, str]:
    answer = browser.get(_authorize(url, client))
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}


def _authorize(url: str, client: OAuthClient) -> str:
    asked = {"client_id": client.client_id, "redirect_uri": CALLBACK, "response_type": "code", "state": "s"}
    return f"{url}/oauth2/authorize?{urlencode(asked)}"


def _signed(target: Target, effort: Effort) -> Figure:
    rates, signed = [], []
    for _ in range(effort.rounds):
        rates.append(_sign_rate(effort.signing_seconds))
        signed.append(run(load.rate(target, effort.seconds)).answers)
    note = f"one thread signs {max(rates):,.0f}/s, mock {max(signed):,.0f}/s at best, c={load.CONNECTIONS}"
    what = "token endpoint RS256 / raw RSA signing"
    return Figure(what=what, samples=ratios(signed, rates), budget=0.75, more=True, note=note)


def _sign_rate(seconds: float) -> float:
    """Return how many messages a second one thread signs."""
    key, count = keys.pooled(0), 0
    begin = time.perf_counter()
    while (took := time.perf_counter() - begin) < seconds:
        key.sign(b"%d" % count)
        count += 1
    return count / took


def redirects(effort: Effort) -> list[Figure]:
    """GET /oauth2/authorize that answers a code at once, and one that answers the login page, beside a bare GET."""
    with server(MOCK) as (url, pid), Mockspaces(url) as mock:
        client = mock.oauth_client(redirect_uris=[CALLBACK])
        page = httpx.get(_authorize(url, client), follow_redirects=True)
        login = Target(url, pid, [load.get(str(page.url))])
        with server(FLOOR, json.dumps(page.text).encode()) as (floor_url, floor_pid):
            floor = Target(floor_url, floor_pid, [load.get(f"{floor_url}/")])
            rates = run(load.in_turn(login, floor, effort=effort))
            figures = [beside("login page / bare GET", rates, note=f"{len(page.content)} B")]
        mock.settings(accounts_auto_login=ANN, accounts_auto_consent=True)
        target = Target(url, pid, [load.get(_authorize(url, client))])
        with server(FLOOR, b"{}") as (floor_url, floor_pid):
            floor = Target(floor_url, floor_pid, [load.get(f"{floor_url}/")])
            rates = run(load.in_turn(target, floor, effort=effort))
            return [beside("authorize redirect / bare GET", rates, budget=0.3), *figures]
