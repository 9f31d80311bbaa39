"""The forge dressed as a GitHub Enterprise Server, for a service that must not tell the two apart.

REST under `/api/v3` alone, GraphQL under `/api/graphql`, no rate limits and no word of them, no
names of permissions, strangers see nothing; links, redirects and webhooks say the server's own
addresses.
"""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

REST = "app|installation|orgs|rate_limit|repos|repositories|user|users"
SILENT = re.compile(
    r"(?i)x-ratelimit-.*|x-accepted-.*|x-github-media-type|content-(length|encoding)"
    r"|transfer-encoding|connection|server|date"
)
VERSION = "3.14.2"


@dataclass(slots=True, kw_only=True)
class Enterprise:
    """A server of its own in front of a forge."""

    forge: str
    """Where the forge is."""
    secret: bytes
    session: aiohttp.ClientSession
    url: str = ""
    hook: str = ""
    """Where the webhooks of this server are to go in the end."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of what came in."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.raw_path
        self.asked.append((request.method, path))
        if request.path == "/relay/webhook":
            return await self._tell(request)
        rest = re.match("/api/v3(/|$)", path)
        plain = path.removeprefix("/api/v3") if rest else path
        if (rest is None and re.match(f"/({REST}|graphql)(/|\\?|$)", path)) or (
            re.match("/api/(?!v3|graphql)", path)
        ):
            return web.Response(status=404, text="<!DOCTYPE html><title>Not here</title>")
        if rest and "Authorization" not in request.headers:
            refused = {"message": "Must authenticate to access this API."}
            return web.json_response(
                refused, status=401, headers=self._named({"X-Coppice-Forge": "1"})
            )
        if plain.startswith("/rate_limit"):
            return web.json_response({"message": "Rate limiting is not enabled."}, status=404)
        body = await request.read()
        if plain == "/app/hook/config" and request.method == "PATCH":
            self.hook = re.search(r'"url": ?"([^"]+)"', body.decode())[1]  # type: ignore[index]
            body = body.replace(self.hook.encode(), f"{self.url}/relay/webhook".encode())
        return await self._ask(request, plain, body)

    async def _ask(self, request: web.Request, path: str, body: bytes) -> web.Response:
        headers = {k: v for k, v in request.headers.items() if k not in ("Host", "Content-Length")}
        async with self.session.request(
            request.method,
            f"{self.forge}{path}",
            data=body or None,
            headers=headers,
            allow_redirects=False,
        ) as answer:
            said = await answer.read()
            if "json" in answer.content_type:
                said = self._here(said.decode()).encode()
            return web.Response(
                status=answer.status, body=said, headers=self._named(answer.headers)
            )

    async def _tell(self, request: web.Request) -> web.Response:
        """Hand a webhook on, with this server's own addresses in it, signed again."""
        body = self._here((await request.read()).decode()).encode()
        kept = ("user-agent", "content-type", "x-github-")
        headers = {k: v for k, v in request.headers.items() if k.lower().startswith(kept)}
        headers |= {
            "X-GitHub-Enterprise-Version": VERSION,
            "X-GitHub-Enterprise-Host": "github.example",
            "X-Hub-Signature": f"sha1={hmac.new(self.secret, body, hashlib.sha1).hexdigest()}",
            "X-Hub-Signature-256": f"sha256={hmac.new(self.secret, body, 'sha256').hexdigest()}",
        }
        async with self.session.post(self.hook, data=body, headers=headers) as answer:
            return web.Response(status=answer.status, text=await answer.text())

    def _named(self, headers: Mapping[str, str]) -> dict[str, str]:
        kept = {k: self._here(v) for k, v in headers.items() if not SILENT.fullmatch(k)}
        return kept | {"X-GitHub-Enterprise-Version": f"enterprise-server@{VERSION}"}

    def _here(self, text: str) -> str:
        text = re.sub(f'{self.forge}/(?=({REST})[/?"]|({REST})$)', f"{self.url}/api/v3/", text)
        return text.replace(self.forge, self.url)


@asynccontextmanager
async def enterprise(forge: str, secret: str) -> AsyncIterator[Enterprise]:
    """Open a server in front of a forge."""
    async with aiohttp.ClientSession(auto_decompress=True) as session:
        here = Enterprise(forge=forge, secret=secret.encode(), session=session)
        app = web.Application(client_max_size=100 << 20)
        app.router.add_route("*", "/{path:.*}", here.answer)
        async with TestServer(app, host="127.0.0.1") as server:
            here.url = str(server.make_url("")).rstrip("/")
            yield here
