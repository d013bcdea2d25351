from typing import Any

import pytest

from mockspaces.cloud.identity import apps, authentication, tokens
from mockspaces.cloud.kernel import jws
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import registration
from mockspaces.cloud.store.entities import ServiceApp, User
from mockspaces.contract import Contract, errors


@pytest.fixture
def world() -> World:
    """An empty world."""
    return World("inside", Origins("http://127.0.0.1:1"), contract=Contract.shipped())


async def ann(world: World) -> User:
    return await registration.create_user(world, "ann@example.com")


async def service_app(world: World) -> ServiceApp:
    company = await people.create_company(world, "Example", ("example.com",))
    return await apps.create_service_app(world, "Bot", company, (), active=True)


def user_jwt(world: World, claims: dict[str, Any]) -> str:
    """Sign any claims with the world's own key, which nobody outside can."""
    key = world.signing_keys.get(world.signing_keys.current)
    assert key is not None
    return jws.sign_rs256({"alg": "RS256", "typ": "JWT"}, claims, key)


async def why_not(world: World, token: str, code: str = errors.CREDENTIAL_INVALID) -> str:
    with pytest.raises(Rejection) as refused:
        await authentication.authenticate(world, "jwt", token)
    assert refused.value.code == code
    return refused.value.why


@pytest.mark.parametrize("scheme", ["jwt", "bearer"])
async def test_a_service_jwt_under_another_scheme_is_recognised(world: World, scheme: str) -> None:
    """Who signs the right JWT and sends it under the wrong word is told the word."""
    token = jws.sign_hs256({"alg": "RS256", "kid": "abc"}, {"iss": "abc"}, b"x")
    with pytest.raises(Rejection) as refused:
        await authentication.authenticate(world, scheme, token)
    assert refused.value.code == errors.CREDENTIAL_INVALID
    assert "sent as" in refused.value.why
    assert "service_app" in refused.value.why


@pytest.mark.behaviour("AUTH-USER-03")
@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("product_type", "onesna"),
        ("product_type", None),
        ("user_id", "agNobody"),
        ("user_id", ["x"]),
        ("user_id", None),
        ("iss", ["avayacloud", "com"]),
        ("exp", "2000000000"),
        ("exp", True),
        ("exp", None),
    ],
)
async def test_a_user_jwt_of_the_worlds_own_key_must_still_be_right(world: World, claim: str, value: object) -> None:
    """A claim that no document shows is refused and named, even if the world itself signed it."""
    claims = tokens.user_jwt_claims(world, await ann(world))
    assert (await authentication.authenticate(world, "jwt", user_jwt(world, claims))).kind == "user"
    changed = {**claims, claim: value}
    assert claim in await why_not(world, user_jwt(world, changed))
    del changed[claim]
    assert f"{claim} is missing" in await why_not(world, user_jwt(world, changed))


@pytest.mark.behaviour("ACC-IDT-06")
@pytest.mark.parametrize("claim", ["aud", "anonymous_id"])
async def test_a_user_jwt_mixed_with_another_kind_is_refused(world: World, claim: str) -> None:
    """A claim of an id_token or of an anonymous JWT makes it a token of no kind, even if the world itself signed it."""
    claims = tokens.user_jwt_claims(world, await ann(world))
    assert claim in await why_not(world, user_jwt(world, {**claims, claim: "x"}))


@pytest.mark.behaviour("AUTH-USER-03")
async def test_a_service_account_has_no_user_jwt(world: World) -> None:
    """A user JWT that names a service account is refused."""
    account = await apps.account_of(world, await service_app(world))
    assert "user_id" in await why_not(world, user_jwt(world, tokens.user_jwt_claims(world, account)))


@pytest.mark.behaviour("AUTH-ANON-01", "ACC-IDT-06")
@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"anonymous_id": "f" * 24}, "anonymous_id"),
        ({"anonymous_id": 7}, "anonymous_id"),
        ({"aud": "client"}, "id_token"),
        ({"publickeyid": "agKey"}, "id_token"),
        ({"exp": "soon"}, "exp"),
    ],
)
async def test_an_anonymous_jwt_of_the_worlds_own_secret_must_still_be_right(
    world: World, changes: dict[str, Any], word: str
) -> None:
    """An unknown guest, mixed claims and a strange exp are refused, even under the right secret."""
    guest = await people.create_anonymous(world, "", "Gil", "")
    claims = {"anonymous_id": guest.id, "exp": int(world.clock.now()) + 60}
    header = {"typ": "JWT", "alg": "HS256"}
    secret = world.secret("anonymous")
    assert (await authentication.authenticate(world, "jwt", jws.sign_hs256(header, claims, secret))).kind == "anon"
    assert word in await why_not(world, jws.sign_hs256(header, {**claims, **changes}, secret))


@pytest.mark.behaviour("ACC-UJWT-04", "AUTH-USER-01")
async def test_a_rotated_key_verifies_until_it_is_dropped(world: World) -> None:
    """After a rotation tokens of the old key go on, and end with the key, whatever the cache remembers."""
    token = await (await tokens.user_jwt(world, await ann(world))).signed()
    old = world.signing_keys.current
    world.signing_keys.rotate()
    assert (await authentication.authenticate(world, "jwt", token)).kind == "user"
    world.signing_keys.drop(old)
    assert "publickeyid" in await why_not(world, token)


async def test_the_signature_cache_is_bounded_and_keeps_no_decision(world: World) -> None:
    """The oldest results go first, and a remembered good signature does not admit a disabled user."""
    user = await ann(world)
    token = await (await tokens.user_jwt(world, user)).signed()
    await authentication.authenticate(world, "jwt", token)
    await people.set_enabled(world, user, enabled=False)
    assert "disabled" in await why_not(world, token)
    cache = jws.SignatureCache(2)
    read = world.tokens.read(token)
    key = world.signing_keys.get(world.signing_keys.current)
    assert key is not None
    assert [cache.verify(read, name, key) for name in ("a", "b", "c")] == [True] * 3
    assert len(vars(cache)["_results"]) == 2


async def test_an_explanation_holds_a_credential_against_every_rule(world: World) -> None:
    """Everything that is wrong with a JWT is told at once, what depends on a missing thing is left open."""
    now = world.clock.now_ms()
    claims = tokens.user_jwt_claims(world, await ann(world)) | {"iss": "elsewhere", "exp": now // 1000 - 5}
    signed = user_jwt(world, claims)
    checks, caller = await authentication.explain(world, "jwt", signed, now)
    assert caller is None
    assert [one.rule for one in checks if one.holds is False] == [
        "iss is that of this deployment",
        "exp has not passed",
    ]
    assert next(one.why for one in checks if one.holds is False) == await why_not(world, signed)
    unknown, _ = await authentication.explain(world, "jwt", user_jwt(world, claims | {"publickeyid": "agNone"}), now)
    assert [one.holds for one in unknown[:3]] == [False, None, True]
    unread, _ = await authentication.explain(world, "jwt", "nonsense", now)
    assert [(one.holds, bool(one.why)) for one in unread] == [(False, True)]


async def test_an_explanation_is_as_of_its_time(world: World) -> None:
    """What has expired since it was accepted is explained as it was then."""
    token = await (await tokens.user_jwt(world, await ann(world))).signed()
    then = world.clock.now_ms()
    world.clock.advance(40 * 86_400)
    late, _ = await authentication.explain(world, "jwt", token, world.clock.now_ms())
    early, caller = await authentication.explain(world, "jwt", token, then)
    assert [one.holds for one in early] == [True] * 9
    assert caller is not None
    assert [one.rule for one in late if not one.holds] == ["exp has not passed"]
