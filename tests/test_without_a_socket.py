"""The cloud as one ASGI application, without any server: what works there, and what says that it cannot."""

import asyncio
import threading
from collections.abc import AsyncIterator
from types import CodeType
from typing import Any, cast

import httpx
import pytest
from jinja2 import Environment

from mockspaces import create_app
from mockspaces.asgi import pages
from mockspaces.cloud.worlds import seeds
from mockspaces.traffic.stage import Stage


@pytest.fixture
async def cloud() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://cloud") as client:
        yield client


async def test_surfaces_answer(cloud: httpx.AsyncClient) -> None:
    """REST, identity server and control API answer in one process, without a start."""
    token = (await cloud.post("/_mock/tokens", json={"username": "ann@example.com"})).json()["token"]
    me = await cloud.get("/api/users/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["username"] == "ann@example.com"
    assert (await cloud.get("/account/login/")).status_code == 200
    assert (await cloud.get("/_mock/journal")).json()["entries"]


async def test_worlds_live_below_their_names(cloud: httpx.AsyncClient) -> None:
    """Without a server nobody has ports to give; a world is reached by its name."""
    opened = (await cloud.post("/_mock/worlds", json={"name": "shop"})).json()
    assert opened["urls"]["port"] is None
    assert (await cloud.get("/w/shop/health")).text == "OK"


@pytest.mark.parametrize("transport", ["truncate", "drop", "reset", "garbage"])
async def test_transport_fault_says_that_it_needs_a_socket(cloud: httpx.AsyncClient, transport: str) -> None:
    """A fault of the connection, where there is none, raises in the test instead of being ignored."""
    await cloud.post("/_mock/faults", json={"action": {"transport": transport}, "match": {"route": "GET /health"}})
    with pytest.raises(RuntimeError, match=f'the fault "{transport}" needs a server with a real socket'):
        await cloud.get("/health")


async def test_other_faults_need_no_socket(cloud: httpx.AsyncClient) -> None:
    """Planned answers, refusals and delays happen without a connection, too."""
    for action in ({"status": 503}, {"reject": "server.error"}, {"delay": 0.01}):
        await cloud.post("/_mock/faults", json={"action": action, "times": 1})
    assert [(await cloud.get("/health")).status_code for _ in range(3)] == [503, 500, 200]


async def test_first_page_holds_up_nobody(cloud: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The templates of the live page are compiled in a thread, whichever of its views is asked for first."""
    compiled: list[bool] = []
    compile_one = Environment.compile

    def noted(*args: Any, **options: Any) -> CodeType:
        compiled.append(threading.current_thread() is threading.main_thread())
        return cast("CodeType", compile_one(*args, **options))

    monkeypatch.setattr(Environment, "compile", noted)
    monkeypatch.setattr(pages, "_compiled", set())
    pages.templates.cache_clear()
    pair = await asyncio.gather(cloud.get("/_mock/ui"), cloud.get("/_mock/ui/state"))
    assert [page.status_code for page in pair] == [200, 200]
    assert compiled
    assert not any(compiled)
    assert len(compiled) == len(pages.templates("mockspaces.control").list_templates(extensions=["html", "js"]))


async def test_a_world_that_closes_leaves_the_sockets_of_its_successor() -> None:
    """A world may be opened, and have sockets, while one of the same name waits for its last call to end."""
    app = create_app()
    stage = Stage(app)
    await app.start()
    before = await app.worlds.open("shop", seeds.bundled("empty"))
    async with before.world.transactions.alone():
        dropping = asyncio.create_task(app.worlds.drop("shop"))
        await asyncio.sleep(0)
        await app.worlds.open("shop", seeds.bundled("empty"))
        socket = await stage.open("/w/shop/socket.io/", "EIO=3&transport=websocket")
    await dropping
    socket.say("2")
    await stage.settle()
    assert socket.heard[-1] == "3"
    await stage.close()
