"""The forge over HTTP, on loopback: REST, git, pages, control and webhooks from one port.

REST lies at the root (`/repos/…`, `/app/…`, `/graphql`), as on api.github.com, and git and pages at
`/{owner}/{name}`, as on github.com: the first segments of REST are no owners' names.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec
from aiohttp import web

from bot.forge import __version__
from bot.forge.access import GitHost
from bot.forge.answers import Answer
from bot.forge.control import add_control
from bot.forge.faults import FaultKind, Withheld
from bot.forge.forge import FORGE, Forge
from bot.forge.git import add_git, bearer
from bot.forge.pages import add_pages
from bot.forge.records import Installation, Issue, Repository
from bot.forge.rest.dispatch import Incoming
from bot.forge.state import State
from bot.forge.world import add_app_and_install

REST = frozenset(
    {"app", "installation", "orgs", "rate_limit", "repos", "repositories", "user", "users"}
)
NOT_OFFERED = frozenset(
    {
        *("advisories", "app-manifests", "apps", "emojis", "enterprises", "events", "feeds"),
        *("gists", "gitignore", "issues", "licenses", "markdown", "meta", "networks"),
        *("notifications", "organizations", "search", "teams", "versions", "zen"),
    }
)
"""What REST begins with besides, so that it is refused as REST refuses, not with a page."""
GRAPHQL = ("/graphql", "/api/graphql")
"""As on api.github.com, and as on an Enterprise Server."""
ENTERPRISE = "/api/v3"
"""Where an Enterprise Server has what api.github.com has at its root."""
BODY_LIMIT = 100 << 20


class Seeded(Protocol):
    """What a seed leaves: the repository and the issue that people begin with."""

    @property
    def repository(self) -> Repository: ...

    @property
    def issue(self) -> Issue: ...


Sow = Callable[[State], Awaitable[Seeded]]


class ForgeRefused(Exception):
    """The forge cannot start like this; the text says why."""


def create_app(forge: Forge) -> web.Application:
    """Put everything that the forge answers under one application."""
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[rest_first, spoiled_git])
    app[FORGE] = forge
    app.on_response_prepare.append(mark)
    app.cleanup_ctx.append(sending)
    add_control(app)
    add_git(app, GitHost(forge), forge.state.directory / "hooks")
    add_pages(app, forge)
    return app


async def sending(app: web.Application) -> AsyncIterator[None]:
    await app[FORGE].hooks.open()
    yield
    await app[FORGE].background.close()
    await app[FORGE].hooks.close()


async def mark(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["X-Coppice-Forge"] = __version__
    response.headers["X-GitHub-Request-Id"] = f"FORGE:{id(request):X}"


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def rest_first(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer the paths of REST and GraphQL; everything else goes on to git, pages and control."""
    path, forge = request.rel_url.raw_path.removeprefix(ENTERPRISE), request.app[FORGE]
    graphql = path in GRAPHQL and request.method == "POST"
    if not graphql and path[1:].partition("/")[0] not in REST | NOT_OFFERED:
        return await handler(request)
    incoming = Incoming(
        method=request.method,
        path=path.rstrip("/"),
        query=request.query,
        headers=request.headers,
        body=await request.read(),
    )
    try:
        return respond(await (forge.graphql if graphql else forge.rest).answer(incoming))
    except Withheld as withheld:
        await asyncio.sleep(withheld.seconds)
        if request.transport:
            request.transport.abort()
        raise ConnectionResetError from None


def respond(answer: Answer) -> web.Response:
    headers = {"X-GitHub-Media-Type": "github.v3; format=json", **answer.headers}
    if answer.text is not None:
        headers["Content-Type"] = answer.content_type
        return web.Response(
            status=answer.status, text=None, body=answer.text.encode(), headers=headers
        )
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    headers["Content-Type"] = answer.content_type
    return web.Response(
        status=answer.status, body=msgspec.json.encode(answer.body), headers=headers
    )


def _by_app(forge: Forge, request: web.Request) -> bool:
    """Git comes with an installation's token, or with a person's, or with none yet."""
    token = forge.state.tokens.get(bearer(request) or "")
    return token is not None and token.installation is not None


@web.middleware
async def spoiled_git(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Faults for git: `slow` and `error` on `/{owner}/{name}.git/git-receive-pack`."""
    if ".git/" not in request.path:
        return await handler(request)
    forge = request.app[FORGE]
    fault = forge.faults.for_call(request.method, request.path, app=_by_app(forge, request))
    if fault and fault.kind is FaultKind.SLOW:
        await asyncio.sleep(fault.seconds)
    elif fault and fault.kind is FaultKind.ERROR:
        return web.Response(status=fault.status, text="Server Error\n")
    response = await handler(request)
    if fault and fault.kind is FaultKind.TIMEOUT_AFTER and request.transport:
        request.transport.abort()
    return response


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A forge that listens; ``ready`` is the line that `coppice forge` prints."""

    forge: Forge
    installation: Installation
    ready: dict[str, Any]


@asynccontextmanager
async def running(
    directory: Path,
    sow: Sow,
    *,
    port: int = 0,
    webhook_url: str = "",
    strict: bool = False,
) -> AsyncIterator[Running]:
    """Seed a forge in an empty directory and serve it until the block is left.

    Raises ForgeRefused when the directory holds a forge already, OSError when the port is taken.
    """
    state = open_state(directory)
    seeded = await sow(state)
    installation = add_app_and_install(state, seeded.repository.owner, webhook_url)
    forge = Forge(state, strict=strict)
    runner = web.AppRunner(create_app(forge), access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port, backlog=512)
        await site.start()
        state.api_url = state.html_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready = facts(state, installation, seeded)
        write_facts(state, installation, ready)
        yield Running(forge=forge, installation=installation, ready=ready)
    finally:
        await runner.cleanup()


def open_state(directory: Path) -> State:
    if (directory / "repositories").exists():
        raise ForgeRefused(
            f"{directory} holds the repositories of another forge: what it knew of issues and "
            "tokens went with its process. Name an empty directory."
        )
    directory.mkdir(parents=True, exist_ok=True)
    return State(directory.resolve())


def facts(state: State, installation: Installation, seeded: Seeded) -> dict[str, Any]:
    return {
        "api_url": state.api_url,
        "html_url": state.html_url,
        "app_id": installation.app.id,
        "installation_id": installation.id,
        "webhook_secret": installation.app.hook.secret,
        "private_key_file": str(state.directory / "app.private-key.pem"),
        "repository": seeded.repository.full_name,
        "issue": seeded.issue.number,
        "users": {
            role: {"login": user.login, "token": state.token_of(user)}
            for role, user in state.people.items()
        },
    }


def write_facts(state: State, installation: Installation, ready: dict[str, Any]) -> None:
    """Leave key and addresses in the directory, for its owner alone."""
    clone_url = f"{state.html_url}/{ready['repository']}.git"
    key = state.directory / "app.private-key.pem"
    line = state.directory / "forge.json"
    for path, text in (
        (key, installation.app.private_key),
        (line, json.dumps({**ready, "clone_url": clone_url}) + "\n"),
    ):
        path.touch(mode=0o600)
        path.write_text(text)
