"""The scripted agent refuses anything but a forge on this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.agent import require_forge, require_loopback
from bot.errors import OperatorError


@asynccontextmanager
async def serving(headers: dict[str, str], *, status: int = 200) -> AsyncIterator[str]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers)

    app = web.Application()
    app.router.add_get("/api/v3", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/api/v3"))


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:3000", "http://127.9.9.9/x", "http://[::1]:3000", "http://localhost:1"],
)
def test_addresses_of_this_machine_are_taken(url: str) -> None:
    require_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.github.com",
        "http://127.0.0.1@example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://10.0.0.1:3000",
        "http://0.0.0.0:3000",
        "http://[::ffff:10.0.0.1]",
        "http://2130706433",
        "127.0.0.1:3000",
        "",
    ],
)
def test_any_other_address_is_refused(url: str) -> None:
    with pytest.raises(OperatorError, match="no loopback address"):
        require_loopback(url)


@pytest.mark.parametrize("status", [200, 404])
async def test_a_forge_names_itself_in_every_answer(status: int) -> None:
    forge = serving({"X-Coppice-Forge": "1"}, status=status)

    async with forge as url, aiohttp.ClientSession() as session:
        await require_forge(session, url)


@pytest.mark.parametrize(("headers", "status"), [({}, 200), ({"Location": "/forge"}, 302)])
async def test_another_server_on_this_machine_is_refused(
    headers: dict[str, str], status: int
) -> None:
    async with serving(headers, status=status) as url, aiohttp.ClientSession() as session:
        with pytest.raises(OperatorError, match="is no Coppice forge"):
            await require_forge(session, url)


async def test_nobody_there_is_refused() -> None:
    async with serving({}) as url:
        pass

    async with aiohttp.ClientSession() as session:
        with pytest.raises(OperatorError, match="no forge answers at"):
            await require_forge(session, url)
