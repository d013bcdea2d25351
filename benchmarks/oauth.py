"""What the identity server costs: tokens beside raw signing and a bare POST, a redirect beside a bare GET."""

import time
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from benchmarks import load
from benchmarks.processes import FLOOR, MOCK, server
from benchmarks.report import Figure, ratio
from benchmarks.rest import in_turn, middle, run
from mockspaces.client import Mockspaces, OAuthClient
from mockspaces.cloud import keys

CALLBACK = "https://app.example/callback"
ANN, PASSWORD = "ann@example.com", "ann-secret"
FORM = "application/x-www-form-urlencoded"
SIGN_SECONDS = 1.0


def tokens() -> list[Figure]:
    """POST /oauth2/access_token with a password: HS256 beside a bare POST of the same answer, RS256 beside signing."""
    with server(MOCK) as (url, _), Mockspaces(url) as mock:
        client = mock.oauth_client(redirect_uris=[CALLBACK])
        request = _token_request(url, client)
        with server(FLOOR, _answer(url, client)) as (floor_url, _):
            floor = load.post(f"{floor_url}/", b'{"grant_type":"password"}')
            values, floors = run(in_turn((url, request), (floor_url, floor)))
        hs256 = Figure(
            what="token endpoint HS256 / bare POST",
            measured=ratio(values, floors),
            budget=0.35,
            more=True,
            note=f"floor {middle(floors):.0f}/s, mock {middle(values):.0f}/s, c={load.CONNECTIONS}",
        )
        mock.settings(accounts_id_token_style="rs256")
        signed, rates = [], []
        for _ in range(5):
            rates.append(_sign_rate())
            signed += run(in_turn((url, request), rounds=1))[0]
    rs256 = Figure(
        what="token endpoint RS256 / raw RSA signing",
        measured=ratio(signed, rates),
        budget=0.6,
        more=True,
        note=f"one thread signs {middle(rates):.0f}/s, mock {middle(signed):.0f}/s, c={load.CONNECTIONS}",
    )
    return [hs256, rs256]


def redirects() -> list[Figure]:
    """GET /oauth2/authorize that answers a code at once, beside a bare GET."""
    with server(MOCK) as (url, _), Mockspaces(url) as mock:
        client = mock.oauth_client(redirect_uris=[CALLBACK])
        mock.settings(accounts_auto_login=ANN, accounts_auto_consent=True)
        asked = {"client_id": client.client_id, "redirect_uri": CALLBACK, "response_type": "code", "state": "s"}
        request = f"GET /oauth2/authorize?{urlencode(asked)} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n\r\n".encode()
        with server(FLOOR, b"{}") as (floor_url, _):
            values, floors = run(in_turn((url, request), (floor_url, load.get(f"{floor_url}/"))))
    note = f"floor {middle(floors):.0f}/s, mock {middle(values):.0f}/s, c={load.CONNECTIONS}"
    share = ratio(values, floors)
    return [Figure(what="authorize redirect / bare GET", measured=share, budget=0.3, more=True, note=note)]


def _form(client: OAuthClient) -> bytes:
    credentials = {"client_id": client.client_id, "client_secret": client.client_secret}
    return urlencode({"grant_type": "password", "username": ANN, "password": PASSWORD, **credentials}).encode()


def _answer(url: str, client: OAuthClient) -> bytes:
    with urlopen(Request(f"{url}/oauth2/access_token", data=_form(client))) as answer:  # noqa: S310 - our own server
        body: bytes = answer.read()
    return body


def _token_request(url: str, client: OAuthClient) -> bytes:
    request = load.post(f"{url}/oauth2/access_token", _form(client))
    return request.replace(b"Content-Type: application/json", f"Content-Type: {FORM}".encode())


def _sign_rate() -> float:
    """Return how many messages a second one thread signs."""
    key, count = keys.pooled(0), 0
    begin = time.perf_counter()
    while (took := time.perf_counter() - begin) < SIGN_SECONDS:
        key.sign(b"%d" % count)
        count += 1
    return count / took
