"""What the first verification of a service-app JWT costs beside PyJWT's decode."""

import asyncio
import time

import jwt

from benchmarks.report import Figure, ratio
from mockspaces.cloud import apps, people
from mockspaces.cloud.callers import authenticate
from mockspaces.cloud.keys import load
from mockspaces.cloud.world import Origins, World
from mockspaces.contract import Contract

AUDIENCE = "spaces.avayacloud.com"
ROUNDS, BATCH = 15, 40


def first_verification() -> list[Figure]:
    """Verify JWTs that the world has never seen, in turn with PyJWT."""
    return asyncio.run(_first_verification())


async def _first_verification() -> list[Figure]:
    world = World("benchmark", Origins("http://127.0.0.1"), contract=Contract.shipped())
    company = await people.create_company(world, "Example", ("example.com",))
    app = await apps.create_service_app(world, "Bot", company, (), active=True)
    key = await apps.create_key(world, app)
    public = load(key.material).public
    ours, floors = [], []
    for batch in range(ROUNDS):
        texts = [_signed(app.id, app.subject, key.id, key.material, batch * BATCH + number) for number in range(BATCH)]
        begin = time.perf_counter()
        for text in texts:
            await authenticate(world, "service_app", text)
        middle = time.perf_counter()
        for text in texts:
            jwt.decode(text, public, ["RS256"], audience=AUDIENCE)
        floors.append((time.perf_counter() - middle) / BATCH)
        ours.append((middle - begin) / BATCH)
    note = f"floor {min(floors) * 1e6:.0f} µs, mock {min(ours) * 1e6:.0f} µs at best"
    return [Figure(what="first verification / PyJWT decode", measured=ratio(ours, floors), budget=2, note=note)]


def _signed(issuer: str, subject: str, kid: str, material: str, number: int) -> str:
    claims = {"iss": issuer, "sub": subject, "aud": AUDIENCE, "exp": int(time.time()) + 600, "jti": str(number)}
    return jwt.encode(claims, load(material).private, "RS256", headers={"kid": kid})
