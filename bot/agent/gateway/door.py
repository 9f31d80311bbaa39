"""The socket of one attempt: what comes in is checked, reserved, sent, metered and settled."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.agent.gateway import asking
from bot.agent.gateway.account import BUDGET, GIVEN_UP, Account, Reservation
from bot.agent.gateway.asking import Ask
from bot.agent.gateway.crowd import MOST_BODY, Crowd
from bot.agent.gateway.dialect import Kind, Route
from bot.agent.gateway.dialects import DIALECTS
from bot.agent.gateway.job import Listener, TurnedAway
from bot.agent.gateway.metering import OVERTIME, Ending, cut_off, largest, outcome, shorter
from bot.agent.gateway.passing import pass_on, words_of
from bot.agent.gateway.refusing import Refused, passed_on
from bot.agent.gateway.seat import Seat
from bot.agent.gateway.sizing import SLACK, Sizer
from bot.agent.gateway.spare import GROWTH
from bot.agent.gateway.tap import Tap
from bot.agent.gateway.upstream import (
    DOWN_SECONDS,
    PATIENCE,
    PATIENCE_WITH_FALLBACK,
    CutOff,
    Down,
    Patience,
    Told,
    Upstream,
)
from bot.agent.runtime import Api, Refusal
from bot.errors import OperatorError
from bot.log import logger
from bot.runs import REACHED
from bot.store.calls import Call

_log = logger(__name__)

MOST_NOTED = 50
"""Of an attempt's requests that were turned away; an agent may go on asking for ever."""
LONGEST_ASKED = 200
MOST_CUT_OFF = 3
"""Answers to one call that broke off before the agent had a word of them."""


class Door:
    """The way to a model for one attempt (a `ModelSocket`)."""

    def __init__(
        self,
        account: Account,
        chain: tuple[Upstream, ...],
        *,
        path: Path,
        session: aiohttp.ClientSession,
        listener: Listener,
        seat: Seat,
    ) -> None:
        self._dialect = DIALECTS[chain[0].endpoint.api]
        self._chain = list(chain)
        self._account = account
        self._session = session
        self._listener = listener
        self._tell = listener.tell
        self._seat = seat
        self._turned: set[tuple[str, str]] = set()
        self._sizer = Sizer()
        self._crowd = Crowd()
        self._endpoint = chain[0].endpoint
        self.path = path
        self.refusal: Refusal | None = None

    @property
    def waited(self) -> float:
        return self._seat.waiting.seconds

    @property
    def model(self) -> str:
        return self._endpoint.model

    @property
    def api(self) -> Api:
        return self._endpoint.api

    @property
    def window(self) -> int | None:
        return self._endpoint.window

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer whatever comes through the socket."""
        try:
            if request.method in ("GET", "HEAD") and request.path == "/":
                return web.Response()  # some agents look whether anybody is there
            route = self._route(request)
            if route.kind is Kind.MODELS:
                return web.json_response(self._dialect.models(self.model))
            async with self._crowd.place(request.content_length):
                raw = await _read(request)
                if route.kind is Kind.COUNT:
                    return web.json_response(self._dialect.counted(len(raw) // 4))
                return await self._call(request, route, asking.read(raw))
        except Refused as refused:
            self._note(request, refused)
            await self._crowd.refuse()
            return refused.answer(self._dialect)

    def _note(self, request: web.Request, refused: Refused) -> None:
        """Have it in the timeline, once each; what ends the attempt says so itself."""
        asked = f"{request.method} {request.raw_path}"[:LONGEST_ASKED]
        known = (refused.kind, asked) in self._turned or len(self._turned) >= MOST_NOTED
        if refused.status in (402, 503) or known:
            return
        self._turned.add((refused.kind, asked))
        turned = TurnedAway(kind=refused.kind, asked=asked, reason=refused.text)
        self._listener.turned_away(turned)

    def _route(self, request: web.Request) -> Route:
        _require_here(request)
        route = self._dialect.route(request.method, request.path)
        if route is None or (route.stream and request.query.get("alt") != "sse"):
            raise Refused(404, "path", f"this gateway serves {self.api.value} requests only")
        return route

    async def _call(
        self, request: web.Request, route: Route, body: Mapping[str, Any]
    ) -> web.StreamResponse:
        """Send a call to the first of the endpoints that is up."""
        cut_off = 0
        while self.refusal is None:
            upstream = await self._seat.take(lambda: self._chain[0])
            names = (self.model, *self._endpoint.aliases, *upstream.endpoint.aliases)
            ask = asking.prepare(self._dialect, upstream, route, body, names)
            reservation = await self._reserve(upstream, ask)
            try:
                return await self._exchange(request, upstream, ask, reservation)
            except Down as down:
                self._require_time(upstream, reservation)
                reservation.fail(str(down))
                cut_off += isinstance(down, CutOff)
                if not isinstance(down, CutOff) or cut_off % MOST_CUT_OFF == 0:
                    self._go_on(upstream, down)
            except Told as told:
                reservation.fail(f"{told.status}: {told.text}")
                if not upstream.learn(ask.added, told):
                    return self._refused_by(upstream, told)
            except OperatorError as error:
                reservation.fail(str(error))
                raise self._end("model_key", str(error)) from error
            finally:
                reservation.fail(GIVEN_UP)
        raise Refused(402, self.refusal.kind, self.refusal.message)

    async def _reserve(self, upstream: Upstream, ask: Ask) -> Reservation:
        call = self._account.job.call(upstream.name, upstream.endpoint, time.time())
        size = largest(call, upstream, given=self._sizer.most(ask), output=ask.output)
        size, seconds = shorter(size, upstream, self._account.room)
        try:
            return await self._account.reserve(size, seconds)
        except Refused as refused:
            self._end(BUDGET, refused.text)
            raise

    def _require_time(self, upstream: Upstream, reservation: Reservation) -> None:
        """Raise Refused where it was we who ended a call, as there was no money for more of it."""
        seconds = reservation.most_seconds
        if seconds < upstream.endpoint.call_seconds and reservation.is_over:
            reservation.settle(cut_off(reservation.call, upstream, reservation.seconds))
            raise self._end(BUDGET, f"{REACHED}: {OVERTIME}, {seconds:.0f} s")

    async def _exchange(
        self, request: web.Request, upstream: Upstream, ask: Ask, reservation: Reservation
    ) -> web.StreamResponse:
        """Send, pass the answer on, and settle what it came to, whatever happens on the way."""
        dialect, endpoint = self._dialect, upstream.endpoint
        url = dialect.path(endpoint.url, endpoint.model, ask.stream)
        headers, secrets = upstream.headers(dialect, request.headers), upstream.secrets()
        patience = Patience(
            seconds=PATIENCE if len(self._chain) == 1 else PATIENCE_WITH_FALLBACK,
            pause=self._pause,
            begun=reservation.begin,
            call_seconds=reservation.most_seconds,
        )
        self._account.expect(self._next(upstream, ask, reservation.call.input_tokens))
        answer = await upstream.send(self._session, url, ask.payload, headers, patience)
        self._tell("")
        try:
            words = await words_of(answer)
        except BaseException:
            answer.close()
            raise
        tap = Tap(dialect, drops_usage=asking.STREAM_OPTIONS in ask.added, secrets=secrets)
        end = "the answer was given up", False
        try:
            response, error = await pass_on(request, words, tap)
            end = error or "", error is None
            return response
        finally:
            answer.close() if end[0] else answer.release()
            ending = Ending(seconds=reservation.seconds, error=end[0] or None, complete=end[1])
            done = outcome(reservation.call, upstream, dialect, ask, tap, ending)
            self._sizer.learn(ask, 0 if done.estimated else done.input_tokens)
            reservation.settle(done)

    def _next(self, upstream: Upstream, ask: Ask, given: int) -> Call:
        """Size the call that comes after this one: agents say it all again, and a little more."""
        call = self._account.job.call(upstream.name, upstream.endpoint, time.time())
        size = ceil(given * SLACK) + GROWTH
        return largest(call, upstream, given=size, output=ask.output)

    @contextmanager
    def _pause(self, reason: str) -> Iterator[None]:
        with self._seat.waiting.on():
            self._tell(reason)
            yield
        if not self._seat.waiting.now:
            self._tell("")

    def _go_on(self, upstream: Upstream, down: Down) -> None:
        """Let the fallback take over for the rest of the attempt; raises Refused without one."""
        upstream.down_until = time.monotonic() + DOWN_SECONDS
        _log.warning("the model endpoint is down", extra={"endpoint": upstream.name, "why": down})
        if self._chain[0] is upstream:  # else another call has seen it too
            if len(self._chain) == 1:
                text = f"the model endpoint `{upstream.name}` is down: {down}"
                raise self._end("model_down", text, status=503, blocked=False)
            self._chain.pop(0)
        self._tell(f"`{upstream.name}` is down ({down}): goes on with `{self._chain[0].name}`")

    def _refused_by(self, upstream: Upstream, told: Told) -> web.StreamResponse:
        """End the attempt where the endpoint would never take a call; else pass its words on."""
        where = f"{told.status} by `{upstream.name}`" + (f": {told.text}" if told.text else "")
        if told.status in (401, 403):
            raise self._end("model_key", f"the model key is refused ({where})")
        if told.status == 402 or told.spent:
            raise self._end("model_credit", f"the model's account has no credit ({where})")
        if told.status == 404:
            model = upstream.endpoint.model
            raise self._end("model_unknown", f"there is no model `{model}` ({where})")
        if told.status < 400:
            raise self._end("model_down", f"the model endpoint sends us elsewhere ({where})")
        return passed_on(self._dialect, told.status, told.fields, told.text)

    def _end(self, kind: str, text: str, *, status: int = 402, blocked: bool = True) -> Refused:
        """Let no further call out, and say why; the first reason stays."""
        if self.refusal is None:
            self.refusal = Refusal(kind=kind, message=text, blocked=blocked)
        return Refused(status, kind, text)


def _require_here(request: web.Request) -> None:
    """Refuse what is meant for another host: by its target, or by its Host header."""
    for name in (request.rel_url.host, request.url.host):
        if name is not None and "." in name and not name.startswith("127."):
            raise Refused(421, "host", f"this gateway leads to a model, not to {name[:100]}")


async def _read(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise Refused(413, "too_large", f"more than {MOST_BODY >> 20} MB") from None
    except (aiohttp.ClientError, web.HTTPException, ValueError):
        raise Refused(400, "not_understood", "the body cannot be read") from None
