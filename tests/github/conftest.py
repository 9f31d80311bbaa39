"""A key for the App, and a web server that answers what a test wants."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.github.app import App, Registration
from tests.github.edge import Edge
from tests.github.watch import Watch
from tests.github.world import World, open_world


@pytest.fixture(scope="session")
def private_key() -> str:
    return _make_key()


@pytest.fixture(scope="session")
def other_key() -> str:
    return _make_key()


def _make_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    """What GitHub's edge does and the forge does not: odd redirects, 5xx, silence."""
    edge = Edge()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", edge.answer)
    async with TestServer(application) as server:
        edge.url = str(server.make_url("")).rstrip("/")
        yield edge


@pytest.fixture
def app(edge: Edge, session: aiohttp.ClientSession, private_key: str, watch: Watch) -> App:
    registration = Registration(
        app_id=1,
        private_key=private_key,
        api_url=edge.url,
        timeout=aiohttp.ClientTimeout(total=0.3),
    )
    return App(registration, session, watch.clock)


@pytest.fixture
async def world(
    either_database: None, tmp_path: Path, session: aiohttp.ClientSession
) -> AsyncIterator[World]:
    async with open_world(tmp_path, session) as world:
        yield world
