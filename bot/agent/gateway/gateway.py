"""The gateway: opens a socket for each attempt and shares what all of them share."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.agent.catalogue import Catalogue
from bot.agent.gateway.account import Account
from bot.agent.gateway.books import Books
from bot.agent.gateway.crowd import MOST_BODY, MOST_CONNECTIONS, Hangup
from bot.agent.gateway.door import Door
from bot.agent.gateway.job import Job, Listener
from bot.agent.gateway.price import price_of
from bot.agent.gateway.seat import Seat
from bot.agent.gateway.upstream import Upstream
from bot.errors import OperatorError
from bot.runs import Budgets
from bot.store import calls
from bot.store.database import Database

LONGEST_PATH = 100
"""Of a Unix socket, by the kernel: 107 bytes; the rest is for the name."""
LONGEST_HEADER, MOST_HEADERS = 2**16, 512
"""Of an endpoint's answer; proxies before them write long ones."""
_CLOSING_SECONDS = 2.0
NOBODY = Listener()


class Gateway:
    """All endpoints of the catalogue, for the attempts of this process."""

    def __init__(
        self,
        catalogue: Catalogue,
        database: Database,
        budgets: Budgets,
        *,
        folder: Path,
        proxy: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        """``folder`` gets the sockets; ``proxy`` names the proxy to an address, if there is one."""
        self.catalogue = catalogue
        self._database = database
        self._books = Books(database)
        self._budgets = budgets
        self._folder = folder
        self._proxy = proxy
        self._upstreams: dict[str, Upstream] = {}
        self._session: aiohttp.ClientSession | None = None
        self._opened = 0
        self._starting = asyncio.Lock()

    @asynccontextmanager
    async def open(
        self, job: Job, endpoint: str, *, listener: Listener = NOBODY
    ) -> AsyncIterator[Door]:
        """Open the way to a model for one attempt, once its endpoint has room for it.

        ``listener`` hears what calls wait for, "" when they go on, and what was turned away.
        Raises StageFailed `no_model` where the catalogue has no such endpoint. At the end every
        call is settled, on disk.
        """
        self.catalogue.endpoint(endpoint)
        session = await self._start()
        first = self._upstreams[endpoint]
        seat = Seat(listener.tell)
        try:
            await seat.take(lambda: self._chain(first)[0])
            listener.tell("")
            account = Account(job, self._books, self._budgets, listener, seat.waiting)
            door = Door(
                account,
                self._chain(first),
                path=self._path(),
                session=session,
                listener=listener,
                seat=seat,
            )
            try:
                async with _listening(door):
                    yield door
            finally:
                await asyncio.shield(account.close())
        finally:
            seat.leave()

    async def close(self) -> None:
        """Let go of the connections; open sockets have to be left before."""
        if self._session is not None:
            await self._session.close()

    async def _start(self) -> aiohttp.ClientSession:
        """Begin at the first use: nothing is opened, nor prices loaded, where no model is used."""
        async with self._starting:
            if self._session is None:
                self._make_folder()
                await self._load()
                before = time.time() - calls.LONGEST_SECONDS
                await self._database.write(lambda c: calls.abandon(c, before))
                self._session = aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(limit=0),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    read_bufsize=2**18,
                    max_field_size=LONGEST_HEADER,
                    max_headers=MOST_HEADERS,
                )
            return self._session

    async def _load(self) -> None:
        for name, endpoint in self.catalogue.endpoints.items():
            price = await asyncio.to_thread(price_of, endpoint)
            proxy = self._proxy(endpoint.url)
            self._upstreams[name] = Upstream(name, endpoint, price, proxy=proxy)

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        if len(str(self._folder).encode()) > LONGEST_PATH - 16:
            raise OperatorError(f"{self._folder} is too long a path for a socket")

    def _path(self) -> Path:
        self._opened += 1
        return self._folder / f"{self._opened:x}.sock"

    def _chain(self, first: Upstream) -> tuple[Upstream, ...]:
        """List an endpoint and what takes its place, those that are known to be down last."""
        chain, name = [first], first.endpoint.fallback
        while name is not None and self._upstreams[name] not in chain:
            chain.append(self._upstreams[name])
            name = self._upstreams[name].endpoint.fallback
        return tuple(sorted(chain, key=lambda upstream: upstream.is_down))


@asynccontextmanager
async def _listening(door: Door) -> AsyncIterator[None]:
    app = web.Application(client_max_size=MOST_BODY)
    app.router.add_route("*", "/{path:.*}", door.handle)
    runner = web.AppRunner(
        app, access_log=None, handler_cancellation=True, shutdown_timeout=_CLOSING_SECONDS
    )
    await runner.setup()
    try:
        door.path.unlink(missing_ok=True)
        server = await _bind(runner, door.path)
        door.path.chmod(0o600)
        try:
            yield
        finally:
            server.close()
            door.path.unlink(missing_ok=True)
    finally:
        await asyncio.shield(runner.cleanup())


async def _bind(runner: web.AppRunner, path: Path) -> asyncio.AbstractServer:
    """Open a socket that one box cannot use up our descriptors with."""
    handlers = runner.server
    if handlers is None:
        raise RuntimeError("the application is not set up")

    def protocol() -> asyncio.Protocol:
        crowded = len(handlers.connections) >= MOST_CONNECTIONS
        return Hangup() if crowded else handlers()

    return await asyncio.get_running_loop().create_unix_server(protocol, str(path))
