"""A raw endpoint that plays what a test hands it, and a gateway before it."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.agent.catalogue import Catalogue, Endpoint
from bot.agent.gateway import Gateway, Job
from bot.agent.gateway.door import Door
from bot.agent.gateway.job import Listener, TurnedAway
from bot.agent.runtime import Api, Role
from bot.runs import Budget, Budgets
from bot.store import calls
from bot.store.calls import Call
from bot.store.database import Database

KEY = "sk-canary-4f9a1c77b2e05d83aa61"
WORDS = "hello " * 250
"""Long enough for the thousand tokens that endpoints tell of."""
PRICE = {"input": 3.0, "output": 15.0, "cached": 0.3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the endpoint says; a stream is a list of pieces."""

    status: int = 200
    body: bytes = b""
    pieces: tuple[bytes, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    hang: float = 0.0

    @classmethod
    def of(cls, body: Any, **more: Any) -> "Answer":
        headers = {"content-type": "application/json", **more.pop("headers", {})}
        return cls(body=json.dumps(body).encode(), headers=headers, **more)

    @classmethod
    def stream(cls, *pieces: bytes, **more: Any) -> "Answer":
        return cls(pieces=pieces, headers={"content-type": "text/event-stream"}, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class Host:
    """An endpoint; the last answer repeats."""

    answers: list[Answer]
    seen: list[Seen] = field(default_factory=list)
    url: str = ""
    at_once: int = 0
    most_at_once: int = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Host"]:
        app = web.Application(client_max_size=2**28)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = json.loads(await request.read() or b"null")
        self.seen.append(Seen(path=request.path_qs, headers=headers, body=body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self._play(request, answer)
        finally:
            self.at_once -= 1

    async def _play(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        if not answer.pieces:
            await asyncio.sleep(answer.hang)
            return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        await response.prepare(request)
        for piece in answer.pieces:
            await response.write(piece)
            await asyncio.sleep(0.001)
        await asyncio.sleep(answer.hang)
        if answer.cut and request.transport is not None:
            request.transport.abort()
        return response


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What the box sees: one socket."""

    door: Door
    session: aiohttp.ClientSession

    async def post(self, path: str, body: Any, **headers: str) -> Got:
        """Send a call; a stream that was cut has what came before."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"content-type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        async with self.session.post(
            f"http://box{path}", data=io.BytesIO(raw), headers=sent
        ) as answer:
            pieces = []
            try:
                async for piece in answer.content.iter_any():
                    pieces.append(piece)
            except aiohttp.ClientError:
                pieces.append(b"<cut>")
            headers_in = {name.lower(): value for name, value in answer.headers.items()}
            return Got(status=answer.status, body=b"".join(pieces), headers=headers_in)

    async def chat(self, text: str = WORDS, **more: Any) -> Got:
        messages = [{"role": "user", "content": text}]
        return await self.post(
            "/v1/chat/completions", {"model": "small", "messages": messages, **more}
        )


def a_job(**values: Any) -> Job:
    usual: dict[str, Any] = {
        "run_id": "run1",
        "stage": "implement",
        "role": Role.IMPLEMENT,
        "attempt": 1,
        "repository_id": 10,
        "repository": "octo/shop",
        "installation_id": 5,
        "person": "ana",
        "limits": Budget(),
    }
    return Job(**usual | values)


def an_endpoint(url: str, api: Api = Api.CHAT, **values: Any) -> Endpoint:
    usual = {"url": url, "api": api, "model": "small", "key": KEY, "price": PRICE}
    return Endpoint.model_validate(usual | values)


@asynccontextmanager
async def opened(
    gateway: Gateway,
    job: Job | None = None,
    endpoint: str = "one",
    tell: Callable[[str], None] = lambda _: None,
    turned_away: Callable[[TurnedAway], None] = lambda _: None,
) -> AsyncIterator[Inside]:
    listener = Listener(tell=tell, turned_away=turned_away)
    async with gateway.open(job or a_job(), endpoint, listener=listener) as door:
        connector = aiohttp.UnixConnector(path=str(door.path), limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            yield Inside(door=door, session=session)


@asynccontextmanager
async def gateway_of(
    database: Database, folder: Path, budgets: Budgets | None = None, **endpoints: Endpoint
) -> AsyncIterator[Gateway]:
    gateway = Gateway(Catalogue(endpoints=endpoints), database, budgets or Budgets(), folder=folder)
    try:
        yield gateway
    finally:
        await gateway.close()


async def rows(database: Database, run_id: str = "run1") -> list[Call]:
    return await database.read(lambda c: calls.listing(c, run_id))


@asynccontextmanager
async def meeting(
    database: Database, folder: Path, *answers: Answer, api: Api = Api.CHAT, **values: Any
) -> AsyncIterator[tuple[Host, Inside]]:
    """Open the way to an endpoint that gives these answers, the last again and again."""
    async with Host(list(answers)).running() as host:
        endpoint = an_endpoint(host.url, api, **values)
        async with gateway_of(database, folder, one=endpoint) as gateway, opened(gateway) as inside:
            yield host, inside
