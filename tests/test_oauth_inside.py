"""What only the inside of the identity server shows: interleavings, and properties of what goes into a URL."""

import asyncio
import threading
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from mockspaces.accounts.parameters import Parameters, pairs_of
from mockspaces.accounts.redirects import accepted_next, component, legal, legal_query, with_fragment, with_query
from mockspaces.asgi.exchange import Exchange
from mockspaces.cloud.identity import apps, grants, oauth_requests, tokens
from mockspaces.cloud.identity.clients import ProvenClient
from mockspaces.cloud.identity.grants import Issued
from mockspaces.cloud.identity.oauth_requests import Asked, Destination
from mockspaces.cloud.kernel import keys
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.spaces import registration
from mockspaces.cloud.store.entities import OAuthClient, User
from mockspaces.contract import Contract, oauth_errors
from mockspaces.contract.accounts import Accounts
from tests.conftest import SOON_S
from tests.yielding import Pause, in_turn

BASE = "http://127.0.0.1:8080"
CALLBACK = "https://app.example/callback"
TEXTS = st.text() | st.text(alphabet="/\\:@?#%&=+. \t\r\n\x00abc")


async def world_of_one() -> tuple[World, OAuthClient, User]:
    """Return a world with a client and a user."""
    world = World("w", Origins(BASE), contract=Contract.shipped())
    client = await apps.create_client(world, "Client", (CALLBACK,))
    user = await registration.create_user(world, "ann@example.com", password="pw")
    world.open()
    return world, client, user


async def code(world: World, client: OAuthClient, user: User) -> str:
    request = oauth_requests.check(world, Destination(client, CALLBACK), Asked(response_type="code"), BASE)
    return (await in_turn(world, oauth_requests.issue_code(world, request, user))).id


def successes(results: list[Issued | BaseException]) -> list[Issued]:
    """Return what succeeded; whatever failed must be an invalid grant."""
    for result in results:
        assert isinstance(result, Issued) or (
            isinstance(result, Rejection) and result.code == oauth_errors.INVALID_GRANT
        ), result
    return [result for result in results if isinstance(result, Issued)]


@pytest.mark.behaviour("ACC-TOKEN-13")
async def test_interleaved_exchanges_have_one_winner(pause: Pause) -> None:
    """However the exchanges of one code are interleaved, one gets tokens, and the replay has revoked them."""
    world, client, user = await world_of_one()
    value = await code(world, client, user)
    calls = [in_turn(world, grants.exchange_code(world, ProvenClient(client), value, CALLBACK, None)) for _ in range(6)]
    won = successes(await asyncio.gather(*calls, return_exceptions=True))
    assert len(won) == 1
    grant = await world.state.grants.get(won[0].access_token.grant_id)
    assert grant is not None
    assert grant.revoked


@pytest.mark.behaviour("ACC-TOKEN-11")
async def test_interleaved_refreshes_under_strict_rotation_have_one_winner(pause: Pause) -> None:
    """The old token is exchanged once, and the grant does not survive the others."""
    world, client, user = await world_of_one()
    async with world.transactions:
        world.change_settings({"accounts.strict_rotation": True})
    value = await code(world, client, user)
    first = await in_turn(world, grants.exchange_code(world, ProvenClient(client), value, CALLBACK, None))
    assert first.refresh_token
    calls = [in_turn(world, grants.refresh(world, client, first.refresh_token.id, None, BASE)) for _ in range(6)]
    won = successes(await asyncio.gather(*calls, return_exceptions=True))
    assert len(won) == 1
    last = won[0].refresh_token
    with pytest.raises(Rejection):
        await in_turn(world, grants.refresh(world, client, last.id if last else "", None, BASE))


@pytest.mark.behaviour("ACC-UJWT-06")
async def test_many_user_jwts_of_one_second_are_found_quickly_and_differ() -> None:
    """A thousand at once have a thousand texts with consecutive expiries, without trying each taken second."""
    world, _client, user = await world_of_one()
    async with world.transactions:
        world.clock.freeze()
        issued = [await tokens.user_jwt(world, user) for _ in range(1000)]
    assert len({one.signing_input for one in issued}) == 1000
    taken = [one.expires for one in await world.state.issued_jwts.all()]
    assert max(taken) - min(taken) == 999


def exchange(host: bytes = b"evil.example") -> Exchange:
    """Return an exchange of a world at BASE, whatever its Host header says."""

    async def receive() -> Message:
        return {}

    async def send(_message: Message) -> None: ...

    scope = {"method": "GET", "headers": [(b"host", host)], "query_string": b""}
    world = World("w", Origins(BASE), contract=SHIPPED)
    return Exchange(scope, receive, send, world, world.origins, "/")


SHIPPED = Contract.shipped()
HERE = exchange()


@pytest.mark.behaviour("ACC-SIGNIN-05", "ACC-GEN-13")
@given(TEXTS | TEXTS.map(lambda text: f"{BASE}{text}") | TEXTS.map(lambda text: f"/{text}"))
def test_no_text_as_next_leads_a_browser_away(text: str) -> None:
    """Resolved as browsers do, with backslashes as slashes, the target stays at the mock's own origin."""
    location = legal(accepted_next(HERE, text))
    assert location.isascii()
    assert location.isprintable()
    assert " " not in location
    target = urlsplit(urljoin(f"{BASE}/account/login/", location.replace("\\", "/")))
    assert (target.scheme, target.netloc) == ("http", "127.0.0.1:8080")


@pytest.mark.behaviour("ACC-GEN-13", "ACC-AUTHZ-06")
@given(st.binary(max_size=50), st.sampled_from([CALLBACK, "http://a", "http://a?x=y", "app://cb", "http://a/?"]))
def test_any_state_goes_through_a_uri_unchanged(state: bytes, uri: str) -> None:
    """Whatever bytes a state has, they come back as one parameter, in query and fragment alike."""
    encoded = "".join(f"%{byte:02X}" for byte in state).encode()
    parameters = Parameters(pairs_of(b"state=" + encoded), ("state",), Accounts())
    for url, part in ((with_query, "query"), (with_fragment, "fragment")):
        where = urlsplit(url(uri, (("state", parameters.state), ("code", "c"))))
        found = parse_qsl(getattr(where, part), keep_blank_values=True, errors="surrogateescape")[-2:]
        assert [name for name, _ in found] == ["state", "code"]
        assert found[0][1].encode(errors="surrogateescape") == state


@pytest.mark.behaviour("ACC-AUTHZ-09", "ACC-AUTHZ-14")
@given(st.binary(max_size=80))
def test_a_query_that_is_passed_on_means_the_same(query: bytes) -> None:
    """What is encoded on the way to the next page changes no parameter, and nothing escapes the query."""
    text = legal_query(query.decode("utf-8", "surrogateescape"))
    assert text.isascii()
    assert not set(text) & set(' "#<>\\^`{|}\r\n\t\x00')
    assert pairs_of(text.encode()) == pairs_of(query)


@given(TEXTS)
def test_a_component_holds_no_delimiter(text: str) -> None:
    """Nothing in an encoded value can end it."""
    assert not set(component(text.encode("utf-8", "replace").decode())) & set("&=#?/:;, \"'<>\r\n")


async def test_a_key_that_is_being_made_holds_up_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends waits for no key pair, and one that nobody wants any more is not begun."""
    begun, go, made = threading.Event(), threading.Event(), list[int]()

    def slow() -> keys.KeyPair:
        begun.set()
        go.wait(SOON_S)
        made.append(1)
        return keys.pooled(0)

    monkeypatch.setattr(keys, "fresh", slow)
    wanted = [asyncio.create_task(keys.fresh_elsewhere()) for _ in range(5)]
    await asyncio.to_thread(begun.wait, SOON_S)
    threads = [one for one in threading.enumerate() if one.name == "key pair"]
    assert 1 <= len(threads) <= keys.AT_ONCE, "whoever waits needs no thread"
    assert all(one.daemon for one in threads)
    for one in wanted[1:]:
        one.cancel()
    go.set()
    assert await wanted[0] is keys.pooled(0)
    for thread in threads:
        thread.join(SOON_S)
    assert len(made) <= keys.AT_ONCE
