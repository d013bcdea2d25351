"""What the first verification of a service-app JWT costs beside PyJWT's decode."""

import asyncio
import time
from collections.abc import Mapping

import jwt

from benchmarks.effort import Effort
from benchmarks.report import Figure, ratios
from mockspaces.cloud.identity import apps
from mockspaces.cloud.identity.authentication import authenticate
from mockspaces.cloud.kernel.keys import load
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.people import people
from mockspaces.contract import Contract

AUDIENCE = "spaces.avayacloud.com"
BATCH = 40


def first_verification(effort: Effort) -> list[Figure]:
    """Verify JWTs that the world has never seen, in turn with PyJWT."""
    return [asyncio.run(_first_verification(2 * effort.rounds + 1))]


async def _first_verification(rounds: int) -> Figure:
    world = World("benchmark", Origins("http://127.0.0.1"), contract=Contract.shipped())
    company = await people.create_company(world, "Example", ("example.com",))
    app = await apps.create_service_app(world, "Bot", company, (), active=True)
    key = await apps.create_key(world, app)
    public = load(key.material).loaded.public
    ours, floors = [], []
    for batch in range(rounds):
        file = {"iss": app.id, "sub": app.subject, "kid": key.id, "private_key": key.material}
        texts = [signed(file, batch * BATCH + number) for number in range(BATCH)]
        begin = time.process_time()
        for text in texts:
            await authenticate(world, "service_app", text)
        middle = time.process_time()
        for text in texts:
            jwt.decode(text, public, ["RS256"], audience=AUDIENCE)
        floors.append((time.process_time() - middle) / BATCH)
        ours.append((middle - begin) / BATCH)
    note = f"floor {min(floors) * 1e6:.0f} µs, mock {min(ours) * 1e6:.0f} µs at best, CPU time"
    return Figure(what="first verification / PyJWT decode", samples=ratios(ours, floors), budget=0.9, note=note)


def signed(file: Mapping[str, str], number: int) -> str:
    """Return a JWT signed with a key file; another one for each number."""
    claims = {
        "iss": file["iss"],
        "sub": file["sub"],
        "aud": AUDIENCE,
        "exp": int(time.time()) + 600,
        "jti": f"{number}",
    }
    return jwt.encode(claims, load(file["private_key"]).loaded.private, "RS256", headers={"kid": file["kid"]})
