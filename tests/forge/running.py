"""A seeded forge on a free port, with a receiver for its webhooks: for the tests of every room.

    async with start_forge(tmp_path) as forge:
        await forge.post(f"{forge.repo}/issues/1/labels", {"labels": ["coppice"]}, by="maintainer")
        labeled = await forge.event("issues.labeled")

``strict`` is on: an answer or event that does not fit GitHub's description is a 500 and a failed
test (`forge.violations` at the end).
"""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import aiohttp
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.forge.records import Issue, Repository
from bot.forge.seed import seed_demo
from bot.forge.server import Running, running
from bot.forge.state import State

PATIENCE = 150.0
Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An HTTP answer, read to its end."""

    status: int
    body: Json
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A webhook as it came in; the signature was checked."""

    event: str
    """`issues.labeled`, `push`."""
    guid: str
    payload: Json
    headers: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Forge:
    """Handles of a running forge. ``by`` of a call: a seeded person, `app` (JWT) or a token."""

    running: Running
    session: aiohttp.ClientSession
    key: PrivateKeyTypes
    deliveries: list[Delivered] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    answer_status: int = 202
    """What the webhook's receiver answers."""

    @property
    def state(self) -> State:
        return self.running.forge.state

    @property
    def api_url(self) -> str:
        return self.state.api_url

    @property
    def html_url(self) -> str:
        return self.state.html_url

    @property
    def repository(self) -> Repository:
        """The seeded one."""
        return next(iter(self.state.repositories.values()))

    @property
    def issue(self) -> Issue:
        return self.repository.issues[1]

    @property
    def repo(self) -> str:
        """Its path in the REST API."""
        return f"/repos/{self.repository.full_name}"

    @property
    def clone_url(self) -> str:
        return f"{self.html_url}/{self.repository.full_name}.git"

    @property
    def app_id(self) -> int:
        return self.running.installation.app.id

    @property
    def installation_id(self) -> int:
        return self.running.installation.id

    @property
    def private_key(self) -> str:
        return self.running.installation.app.private_key

    @property
    def webhook_secret(self) -> str:
        return self.running.installation.app.hook.secret

    @property
    def violations(self) -> list[str]:
        return self.state.violations

    def login(self, who: str) -> str:
        return self.state.people[who].login

    def token(self, who: str) -> str:
        """The token of a seeded person (`maintainer`, …); others pass through."""
        if who in self.state.people:
            return self.state.token_of(self.state.people[who])
        return self.jwt() if who == "app" else who

    def jwt(self, *, issued: int = -60, expires: int = 540, **claims: Json) -> str:
        now = int(time.time())
        own = {"iat": now + issued, "exp": now + expires, "iss": str(self.app_id), **claims}
        return jwt.encode(own, cast(RSAPrivateKey, self.key), algorithm="RS256")

    async def installation_token(self, **wanted: Json) -> str:
        path = f"/app/installations/{self.installation_id}/access_tokens"
        answer = await self.post(path, wanted, by="app")
        assert answer.status == 201, answer.body
        return str(answer.body["token"])

    async def call(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        by: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Call the REST API; redirects are not followed."""
        sent = {"Authorization": f"Bearer {self.token(by)}"} if by else {}
        url = path if path.startswith("http") else self.api_url + path
        async with self.session.request(
            method, url, json=body, headers={**sent, **(headers or {})}, allow_redirects=False
        ) as response:
            text = await response.text()
            is_json = "json" in response.headers.get("Content-Type", "")
            return Answered(
                status=response.status,
                body=json.loads(text) if is_json and text else text,
                headers=response.headers.copy(),
            )

    async def get(self, path: str, *, by: str = "", **headers: str) -> Answered:
        return await self.call("GET", path, by=by, headers=headers)

    async def post(self, path: str, body: Json = None, *, by: str = "") -> Answered:
        return await self.call("POST", path, body, by=by)

    async def patch(self, path: str, body: Json = None, *, by: str = "") -> Answered:
        return await self.call("PATCH", path, body, by=by)

    async def put(self, path: str, body: Json = None, *, by: str = "") -> Answered:
        return await self.call("PUT", path, body, by=by)

    async def delete(self, path: str, body: Json = None, *, by: str = "") -> Answered:
        return await self.call("DELETE", path, body, by=by)

    async def fault(self, kind: str, **more: Json) -> None:
        assert (await self.post("/_forge/faults", {"kind": kind, **more})).status == 200

    async def switch(self, which: str, /, **more: Json) -> None:
        answer = await self.post("/_forge/switch", {"switch": which, **more})
        assert answer.status == 200, answer.body

    async def advance(self, seconds: float) -> None:
        """Put the forge's clock forward."""
        assert (await self.post("/_forge/clock", {"advance": seconds})).status == 200

    async def git(self, *arguments: str, cwd: Path, by: str = "maintainer") -> tuple[int, str]:
        """Run git with somebody's token; return its code and what it said."""
        bearer = base64.b64encode(f"x-access-token:{self.token(by)}".encode()).decode()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(cwd),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {bearer}",
            **{f"GIT_{who}_NAME": "Somebody" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "somebody@example.org" for who in ("AUTHOR", "COMMITTER")},
        }
        process = await asyncio.create_subprocess_exec(
            *("git", *arguments),
            cwd=cwd,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    async def branch(self, name: str, text: str = "grown\n", *, by: str = "maintainer") -> str:
        """Put a commit with a new file on a new branch, by the contents API; return its sha."""
        base = await self.get(f"{self.repo}/branches/{self.repository.default_branch}", by=by)
        sha = base.body["commit"]["sha"]
        await self.post(f"{self.repo}/git/refs", {"ref": f"refs/heads/{name}", "sha": sha}, by=by)
        return await self.commit(name, f"{name}.txt", text, by=by)

    async def commit(
        self, branch: str, path: str, text: str | None, *, by: str = "maintainer"
    ) -> str:
        """Write a file, there or not, or delete it (None), in one commit; return its sha."""
        url = f"{self.repo}/contents/{path}"
        known = await self.get(f"{url}?ref={branch}", by=by)
        body: Json = {"message": f"Write {path}", "branch": branch}
        if known.status == 200:
            body["sha"] = known.body["sha"]
        if text is not None:
            body["content"] = base64.b64encode(text.encode()).decode()
        answer = await self.call("DELETE" if text is None else "PUT", url, body, by=by)
        assert answer.status in (200, 201), answer.body
        return str(answer.body["commit"]["sha"])

    async def ask(self, query: str, /, *, by: str = "maintainer", **variables: Json) -> Answered:
        """Call the GraphQL API."""
        return await self.post("/graphql", {"query": query, "variables": variables}, by=by)

    async def play_ci(self, **given: Json) -> Json:
        """Play a CI on a commit to its end (`POST /_forge/ci`)."""
        answer = await self.post("/_forge/ci", given)
        assert answer.status == 200, answer.body
        return answer.body

    async def pull(self, head: str, *, by: str = "maintainer", **more: Json) -> Json:
        """Open a pull request of a new branch with one commit."""
        await self.branch(head)
        body = {"title": f"Grow {head}", "head": head, "base": "main", "body": "", **more}
        answer = await self.post(f"{self.repo}/pulls", body, by=by)
        assert answer.status == 201, answer.body
        return answer.body

    async def check_run(self, token: str, **more: Json) -> Json:
        """Make a check run on the default branch's head."""
        head = await self.get(f"{self.repo}/commits/main", by="maintainer")
        body = {"name": "Coppice", "head_sha": head.body["sha"], **more}
        answer = await self.post(f"{self.repo}/check-runs", body, by=token)
        assert answer.status == 201, answer.body
        return answer.body

    async def event(self, name: str, *, n: int = 1) -> Delivered:
        """Wait for the n-th delivery of an event."""
        async with asyncio.timeout(PATIENCE), self.arrived:
            await self.arrived.wait_for(lambda: len(self.events(name)) >= n)
        return self.events(name)[n - 1]

    def events(self, name: str) -> list[Delivered]:
        return [one for one in self.deliveries if one.event == name]

    async def settled(self) -> list[str]:
        """Wait until all webhooks are out; return their names."""
        await self.running.forge.hooks.settled()
        return [one.event for one in self.deliveries]

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        expected = hmac.new(self.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
        assert request.headers["X-Hub-Signature-256"] == f"sha256={expected}"
        payload = json.loads(body)
        name = request.headers["X-GitHub-Event"]
        action = f".{payload['action']}" if "action" in payload else ""
        async with self.arrived:
            self.deliveries.append(
                Delivered(
                    event=name + action,
                    guid=request.headers["X-GitHub-Delivery"],
                    payload=payload,
                    headers=request.headers.copy(),
                )
            )
            self.arrived.notify_all()
        return web.Response(status=self.answer_status)


@asynccontextmanager
async def start_forge(tmp_path: Path, *, receive: bool = True) -> AsyncIterator[Forge]:
    """Serve a seeded forge; with ``receive`` its webhooks come to `forge.deliveries`."""
    async with (
        aiohttp.ClientSession() as session,
        running(tmp_path / "forge", seed_demo, strict=True) as it,
    ):
        key = load_pem_private_key(it.installation.app.private_key.encode(), None)
        forge = Forge(running=it, session=session, key=key)
        app = web.Application(client_max_size=32 << 20)
        app.router.add_post("/hook", forge.receive)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        if receive:
            it.installation.app.hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        try:
            yield forge
        finally:
            await runner.cleanup()
