"""The stand-in's HTTP side: four APIs on one port of the loopback, and a log of what came in."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.scripted_model.apis import Api, api_of
from bot.scripted_model.apis.chat import NAME as CHAT
from bot.scripted_model.director import direct
from bot.scripted_model.exchange import NotUnderstood, Reply, Request
from bot.scripted_model.faults import Faults
from bot.scripted_model.scenario import Fault, FaultKind, Scenario
from bot.scripted_model.tools import NoTool

BODY_LIMIT = 64 * 2**20
KEPT = 1000  # calls that are remembered
PAGE = "<!doctype html><title>Sign in</title><h1>Please sign in</h1>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A call as it came in, and what it got."""

    at: float
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    api: str | None = None
    step: int | None = None
    called: str | None = None
    """The tool of the answer."""
    text: str = ""
    fault: str | None = None

    def line(self) -> str:
        """Give what a log keeps: no body, and of the key its end."""
        key = _key(self.headers)
        plain = {
            "at": self.at,
            "method": self.method,
            "path": self.path,
            "key": key and f"…{key[-4:]}",
            "model": self.body.get("model") if isinstance(self.body, dict) else None,
            "api": self.api,
            "step": self.step,
            "called": self.called,
            "text": self.text[:200],
            "fault": self.fault,
        }
        return json.dumps(plain) + "\n"


@dataclass(slots=True)
class ScriptedModel:
    """Serve a scenario: ``async with ScriptedModel(scenario) as model: model.url``."""

    scenario: Scenario
    port: int = 0
    log: Path | None = None
    socket: Path | None = None
    """A Unix socket to listen on besides."""
    url: str = ""
    """Without a path; `/v1` and `/v1beta` work behind it."""
    calls: deque[Seen] = field(default_factory=lambda: deque(maxlen=KEPT))
    faults: Faults = field(default_factory=Faults)
    """Append to `faults.waiting` for more than the scenario's own."""
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> "ScriptedModel":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> str:
        """Listen on 127.0.0.1; answer the address."""
        self.faults.waiting.extend(self.scenario.faults)
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        _, port = self._runner.addresses[0][:2]
        if self.socket is not None:
            await web.UnixSite(self._runner, str(self.socket)).start()
        self.url = f"http://127.0.0.1:{port}"
        return self.url

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, http: web.Request) -> web.StreamResponse:
        api = api_of(http.path) if http.method == "POST" else None
        body = await _body(http)
        if api is None:
            self._remember(http, body)
            return _beside(self.scenario, http.path)
        try:
            request = api.read(http.path, body)
            reply = _reply(self.scenario, request)
        except (NotUnderstood, KeyError, TypeError, AttributeError, ValueError) as error:
            self._remember(http, body, api=api.NAME, fault="not understood")
            return _error(api, 400, f"not understood: {error!r}")
        fault = self._refusal(http, body) or self.faults.next(tools=bool(request.tools))
        called = reply.call.tool.name if reply.call and not fault else None
        self._remember(
            http,
            body,
            api=api.NAME,
            step=request.step,
            called=called,
            text=reply.text,
            fault=fault and str(fault.kind),
        )
        return await self._play(http, Turn(api=api, request=request, reply=reply, fault=fault))

    async def _play(self, http: web.Request, turn: "Turn") -> web.StreamResponse:
        fault = turn.fault
        match fault.kind if fault else None:
            case FaultKind.HANG:
                await asyncio.Event().wait()
            case FaultKind.DELAY if fault:
                await asyncio.sleep(fault.seconds)
            case FaultKind.HTML:
                return web.Response(text=PAGE, content_type="text/html")
            case FaultKind.STATUS if fault:
                answer = _error(turn.api, fault.status, fault.message)
                if fault.retry_after is not None:
                    answer.headers["Retry-After"] = fault.retry_after
                return answer
        if turn.request.stream:
            return await self._stream(http, turn)
        text = json.dumps(turn.api.answer(turn.request, turn.reply))
        if fault and fault.kind is FaultKind.CUT:
            return await _cut(http, text.encode())
        return web.Response(text=text, content_type="application/json")

    async def _stream(self, http: web.Request, turn: "Turn") -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(http)
        events = list(turn.api.events(turn.request, turn.reply))
        kind = turn.fault.kind if turn.fault else None
        for number, (name, data) in enumerate(events):
            if number == len(events) // 2 and kind is FaultKind.CUT:
                _break_off(http)
                return response
            if number == len(events) // 2 and turn.fault and kind is FaultKind.STALL:
                await asyncio.sleep(turn.fault.seconds)
            text = data if isinstance(data, str) else json.dumps(data)
            head = f"event: {name}\n" if name else ""
            await response.write(f"{head}data: {text}\n\n".encode())
            if self.scenario.pace:
                await asyncio.sleep(self.scenario.pace)
        with suppress(ConnectionError):
            await response.write_eof()
        return response

    def _refusal(self, http: web.Request, body: Any) -> Fault | None:
        """Refuse another key, and more than the window holds."""
        wanted, window = self.scenario.key, self.scenario.window
        if wanted is not None and _key(http.headers) != wanted:
            return Fault(kind=FaultKind.STATUS, status=401, message="Incorrect API key provided.")
        if window is not None and len(json.dumps(body)) > window:
            message = "This model's maximum context length is exceeded: prompt is too long."
            return Fault(kind=FaultKind.STATUS, status=400, message=message)
        return None

    def _remember(self, http: web.Request, body: Any, **more: Any) -> None:
        headers = {name.lower(): value for name, value in http.headers.items()}
        seen = Seen(
            at=time.time(), method=http.method, path=http.path, headers=headers, body=body, **more
        )
        self.calls.append(seen)
        if self.log is not None:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(seen.line())


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One call, understood and answered, and what happens to the answer."""

    api: Api
    request: Request
    reply: Reply
    fault: Fault | None


def _reply(scenario: Scenario, request: Request) -> Reply:
    try:
        return direct(scenario, request)
    except NoTool as error:
        return Reply(id=f"scripted-{request.step}", text=str(error), usage=scenario.usage)


async def _body(http: web.Request) -> Any:
    try:
        return json.loads(await http.read() or b"{}")
    except ValueError:
        return None


def _beside(scenario: Scenario, path: str) -> web.Response:
    """Answer what is no call: the list of models, and counts of tokens."""
    if path.endswith(("/count_tokens", "/input_tokens")):
        return web.json_response({"input_tokens": scenario.usage.input})
    if path.endswith(":countTokens"):
        return web.json_response({"totalTokens": scenario.usage.input})
    if path.endswith("/models"):
        names = (scenario.model, *scenario.models)
        found = [{"id": name, "object": "model", "created": 0, "owned_by": CHAT} for name in names]
        return web.json_response({"object": "list", "data": found, "models": []})
    return web.json_response(
        {"error": {"message": f"there is nothing at {path}", "type": "not_found", "code": None}},
        status=404,
    )


def _error(api: Api, status: int, message: str) -> web.Response:
    return web.json_response(api.error(status, message), status=status)


async def _cut(http: web.Request, data: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(data)
    await response.prepare(http)
    await response.write(data[: len(data) // 2])
    _break_off(http)
    return response


def _break_off(http: web.Request) -> None:
    if http.transport is not None:
        http.transport.abort()


def _key(headers: Mapping[str, str]) -> str | None:
    bearer = headers.get("authorization", "").removeprefix("Bearer ").strip()
    return headers.get("x-api-key") or headers.get("x-goog-api-key") or bearer or None
