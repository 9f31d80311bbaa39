"""git over HTTP: aiohttp routes to `git http-backend`, with tokens, rules and word of pushes."""

import asyncio
import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from bot.forge.git.backend import Backend, Inquiry, asking_backend, backend, write_hooks
from bot.forge.git.policy import PushRefusal, PushRules, Update, judge
from bot.forge.git.refs import refs
from bot.forge.git.report import rewrite

CHUNK = 1 << 16
LARGE_FILES = "application/vnd.git-lfs+json"
Change = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What the host says to a bearer who wants a repository."""

    status: int = 200
    """200, 401 (who are you), 403 (read-only, archived) or 404 (nothing that you may see)."""
    message: str = ""
    """The answer's text when it is not 200; git shows it as `remote:`."""
    path: Path = Path()
    rules: PushRules = field(default_factory=PushRules)
    bearer: Any = None
    """Whatever the host needs to know again in ``pushed``."""


class Host(Protocol):
    """Who knows repositories and tokens: the forge's state."""

    async def authorize(self, token: str | None, full_name: str, *, write: bool) -> Access: ...

    async def pushed(self, access: Access, changes: Mapping[str, Change]) -> None:
        """Learn what a push changed, before its sender does: {ref: (old, new)}, None: not there."""


def add_git(app: web.Application, host: Host, hooks: Path) -> None:
    """Add the routes `/{owner}/{repo}[.git]/…`; ``hooks`` is a folder for the forge's hooks."""
    write_hooks(hooks)
    smart = _Smart(host, hooks)
    prefix = r"/{owner:[\w.-]+}/{repository:[\w.-]+?}{suffix:(\.git)?}/"
    app.router.add_get(prefix + "info/refs", smart.advertise)
    app.router.add_post(prefix + "git-upload-pack", smart.fetch)
    app.router.add_post(prefix + "git-receive-pack", smart.push)
    app.router.add_post(prefix + "info/lfs/objects/batch", smart.large_files)


class _Smart:
    def __init__(self, host: Host, hooks: Path) -> None:
        self.host = host
        self.hooks = hooks

    async def advertise(self, request: web.Request) -> web.StreamResponse:
        service = request.query.get("service", "")
        if service not in ("git-upload-pack", "git-receive-pack"):
            raise web.HTTPForbidden(text="Please upgrade your git client.\n")
        access = await self._authorize(request, write=service == "git-receive-pack")
        async with backend(_cgi(request, access, "info/refs")) as process:
            return await _stream(request, process)

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        access = await self._authorize(request, write=False)
        async with backend(_cgi(request, access, "git-upload-pack")) as process:
            return await _stream(request, process)

    async def push(self, request: web.Request) -> web.StreamResponse:
        access = await self._authorize(request, write=True)

        async def ask(
            updates: Sequence[Update], variables: Mapping[str, str]
        ) -> dict[str, PushRefusal]:
            return await judge(access.path, updates, access.rules, variables)

        inquiry = Inquiry(ask)
        variables = _cgi(request, access, "git-receive-pack")
        async with asking_backend(variables, self.hooks, inquiry) as process:
            status, headers, answer = await _collect(request, process)
        if inquiry.refusals:
            answer = rewrite(answer, inquiry.refusals)
        await self._tell(access, inquiry.updates)
        return web.Response(status=status, headers=headers, body=answer)

    async def large_files(self, request: web.Request) -> web.Response:
        """Refuse them in the words of git-lfs, which shows the message."""
        await self._authorize(request, write=False)
        said = {"message": "The forge keeps no LFS objects. Push with --no-verify without them."}
        return web.json_response(said, status=501, content_type=LARGE_FILES)

    async def _authorize(self, request: web.Request, *, write: bool) -> Access:
        full_name = f"{request.match_info['owner']}/{request.match_info['repository']}"
        access = await self.host.authorize(bearer(request), full_name, write=write)
        if access.status == 401:
            challenge = {"WWW-Authenticate": 'Basic realm="GitHub"'}
            text = access.message or "Invalid username or token."
            raise web.HTTPUnauthorized(text=text + "\n", headers=challenge)
        if access.status == 403:
            raise web.HTTPForbidden(text=(access.message or "Write access not granted.") + "\n")
        if access.status != 200 or not access.path.is_dir():
            raise web.HTTPNotFound(text=(access.message or "Repository not found.") + "\n")
        return access

    async def _tell(self, access: Access, updates: Sequence[Update]) -> None:
        if not updates:
            return
        now = await refs(access.path)
        done = {u.ref: (u.old, u.new) for u in updates if now.get(u.ref) == u.new != u.old}
        if done:
            await self.host.pushed(access, done)


def bearer(request: web.Request) -> str | None:
    """Read the token that git sends, in whichever scheme."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "token"):
        return value.strip() or None
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return password or user or None


def _cgi(request: web.Request, access: Access, rest: str) -> dict[str, str]:
    return {
        "GIT_PROJECT_ROOT": str(access.path.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_HTTP_MAX_REQUEST_BUFFER": "1G",
        "PATH_INFO": f"/{access.path.name}/{rest}",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.query_string,
        "CONTENT_TYPE": request.content_type if request.method == "POST" else "",
        "REMOTE_USER": "x-access-token",
        "REMOTE_ADDR": request.remote or "",
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
    }


async def _stream(request: web.Request, process: Backend) -> web.StreamResponse:
    """Pass git's answer on while it comes."""
    async with asyncio.TaskGroup() as tasks:
        feeding = tasks.create_task(_feed(request, process))
        status, headers = await _head(process.stdout)
        response = web.StreamResponse(status=status, headers=headers)
        await response.prepare(request)
        while chunk := await process.stdout.read(CHUNK):
            await response.write(chunk)
        feeding.cancel()  # git has said all, whatever the client still sends
    await response.write_eof()
    return response


async def _collect(request: web.Request, process: Backend) -> tuple[int, dict[str, str], bytes]:
    async with asyncio.TaskGroup() as tasks:
        feeding = tasks.create_task(_feed(request, process))
        status, headers = await _head(process.stdout)
        answer = await process.stdout.read()
        feeding.cancel()
    await process.process.wait()
    return status, headers, answer


async def _feed(request: web.Request, process: Backend) -> None:
    """Pass the request's body to git; aiohttp has undone its compression."""
    try:
        async for chunk in request.content.iter_chunked(CHUNK):
            process.stdin.write(chunk)
            await process.stdin.drain()
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        return  # git has ended early; its answer says why


async def _head(output: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    status, headers = 200, {}
    while line := (await output.readline()).decode().strip():
        key, _, value = line.partition(":")
        if key.lower() == "status":
            status = int(value.split()[0])
        else:
            headers[key] = value.strip()
    return status, headers
