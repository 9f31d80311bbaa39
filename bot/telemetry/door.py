"""`/healthz`, `/readyz` and `/metrics`, beside the webhook on its port."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from aiohttp import HttpVersion11, web

from bot.telemetry.board import Board

METRICS = "/metrics"
FORMAT = "text/plain; version=0.0.4; charset=utf-8"
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may read the figures."""

    metrics: Literal["local", "on", "off"]
    """`local`: whoever asks from this machine, and not through a proxy."""
    token: str
    """Where there is one, everybody has to send it."""
    public_url: str | None = None
    """Where others reach this service: then a proxy speaks for them, which may come from here."""

    def refusal(self, request: web.Request) -> web.HTTPException | None:
        """Answer why not, or None."""
        if self.metrics == "off":
            return web.HTTPNotFound()
        if self.token:
            wanted = f"Bearer {self.token}".encode()
            given = request.headers.get("Authorization", "").encode(errors="replace")
            if hmac.compare_digest(wanted, given):
                return None
            asks = {"WWW-Authenticate": "Bearer"}
            return web.HTTPUnauthorized(text="the metrics need a token\n", headers=asks)
        if self.metrics == "on" or (not self._is_proxied and _is_near(request)):
            return None
        return web.HTTPForbidden(
            text="the metrics are for this machine, and where COPPICE_PUBLIC_URL is set nobody can"
            " tell who comes from it: set COPPICE_METRICS_TOKEN\n"
        )

    @property
    def _is_proxied(self) -> bool:
        return self.public_url is not None and not _is_loopback(urlsplit(self.public_url).hostname)


def add(app: web.Application, board: Board, access: Access, *, webhook: str) -> None:
    """Serve health and figures; ``webhook`` is the path whose refusals are counted."""

    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def ready(_: web.Request) -> web.Response:
        ok = await board.health.look()
        said = {"ok": ok, "missing": board.health.missing, "parts": board.health.parts}
        return web.json_response(said, status=200 if ok else 503)

    async def metrics(request: web.Request) -> web.Response:
        refusal = access.refusal(request)
        if refusal is not None:
            raise refusal
        return web.Response(body=await board.text(), headers={"Content-Type": FORMAT})

    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    app.router.add_get(METRICS, metrics)
    app.middlewares.append(_counting(board, webhook))


def _counting(board: Board, path: str) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as refused:
            if request.path == path and refused.status < 500:
                board.refused[refused.status] += 1
            raise

    return count


def _is_near(request: web.Request) -> bool:
    """Say whether whoever asks is on this machine; one that a proxy speaks for may be anywhere."""
    # nginx speaks HTTP/1.0 to what is behind it where nobody configured more than its address
    if request.version < HttpVersion11 or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        named = request.url.host
    except ValueError:
        return False
    # a page in somebody's browser reaches this machine too, under a name of its own
    return _is_loopback(request.remote) and _is_loopback(named)


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
