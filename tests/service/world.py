"""A forge and a service as two programs on loopback, the way a person runs them.

The forge outlives the service, so that a test can kill the service from outside and look at what
people would see. Nothing here reaches into either program.
"""

import asyncio
import functools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from sqlalchemy import Connection, update

from bot.cli.runs import facts
from bot.runs import DecisionKind
from bot.store import runs, tables
from bot.store.database import Database
from bot.store.journal import deliveries
from bot.store.journal.deliveries import DeliveryRow
from tests import databases, postgres
from tests.service import nursery

Json = Any
PATIENCE = 150.0
LONGEST_LINE = 2**20
NOTICE = re.compile("<!-- coppice:(?:needs|ended)-")
ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Program:
    """A child process that says one JSON line when it is ready."""

    process: asyncio.subprocess.Process | nursery.Forked
    ready: dict[str, Json]
    log: Path

    @classmethod
    async def start(
        cls,
        log: Path,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        house: Path = ROOT,
        *,
        forked: bool = False,
    ) -> "Program":
        """Start it and wait until it is ready; ``forked`` saves the interpreter's own start."""
        told = {"PATH": os.environ["PATH"], "HOME": str(log.parent), **environment}
        process: asyncio.subprocess.Process | nursery.Forked
        with log.open("ab") as stderr:
            if forked and house == ROOT and nursery.can_start(arguments, told):
                there = nursery.Nursery.of(arguments[0])
                process = await there.start(arguments, told, stderr.fileno(), LONGEST_LINE)
            else:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "bot", *arguments),
                    stdout=asyncio.subprocess.PIPE,
                    stderr=stderr,
                    env=told,
                    cwd=house,
                    limit=LONGEST_LINE,
                )
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = await process.stdout.readline()
        if not line:
            raise AssertionError(f"{arguments[0]} did not start:\n{log.read_text()[-4000:]}")
        return cls(process, json.loads(line), log)

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await self.process.wait()


@dataclass(slots=True)
class World:
    """What a test sees: GitHub through its API, the service through its command line's data."""

    folder: Path
    forge: Program
    session: aiohttp.ClientSession
    settings: dict[str, str]
    service: Program | None = None
    port: int = 0
    forked: bool = False
    """Its service is, the first time."""
    database: Database | None = None
    seen: set[str] = field(default_factory=set)
    """Deliveries that ``settled`` has answered."""

    @property
    def repository(self) -> str:
        return str(self.forge.ready["repository"])

    async def call(
        self, method: str, path: str, body: Json = None, *, who: str = "maintainer"
    ) -> Json:
        """Call the forge's REST API as one of its users."""
        headers = {"Authorization": f"token {self.forge.ready['users'][who]['token']}"}
        url = path if path.startswith("http") else f"{self.forge.ready['api_url']}{path}"
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            text = await answer.text()
            if answer.status >= 400:
                raise AssertionError(f"{method} {path}: {answer.status} {text[:500]}")
            return json.loads(text) if text else None

    async def repo(
        self, method: str, path: str, body: Json = None, *, who: str = "maintainer"
    ) -> Json:
        return await self.call(method, f"/repos/{self.repository}{path}", body, who=who)

    async def label(self, issue: int, *, who: str = "maintainer", name: str = "coppice") -> None:
        await self.repo("POST", f"/issues/{issue}/labels", {"labels": [name]}, who=who)

    async def comment(self, issue: int, body: str, *, who: str = "maintainer") -> int:
        made = await self.repo("POST", f"/issues/{issue}/comments", {"body": body}, who=who)
        return int(made["id"])

    async def write_file(self, path: str, text: str) -> None:
        """Commit a file to the default branch, as the maintainer, where it differs."""
        import base64

        there = {"message": f"Change {path}", "content": base64.b64encode(text.encode()).decode()}
        try:
            found = await self.repo("GET", f"/contents/{path}")
            if base64.b64decode(found["content"]) == text.encode():
                return
            there["sha"] = found["sha"]
        except AssertionError:
            pass
        await self.repo("PUT", f"/contents/{path}", there)

    async def fault(self, **fault: Json) -> Json:
        return await self.call("POST", f"{self.control}/faults", fault)

    async def switch(self, switch: str, **how: Json) -> None:
        """Change the world where GitHub has no operation for it (`bot/forge/switches`)."""
        await self.call("POST", f"{self.control}/switch", {"switch": switch, **how})

    async def person(self, login: str, role: str, *, type_: str = "User") -> None:
        """Give somebody a role, with an account where there is none."""
        users = self.forge.ready["users"]
        if login not in users and not any(u["login"] == login for u in users.values()):
            users[login] = {"login": login, "token": f"ghp_{login}{'0' * 30}"}
        token = users.get(login, {}).get("token")
        await self.switch("role", login=login, role=role, token=token, type=type_)

    async def issue(self, title: str = "Add a note", body: str = "Please.") -> int:
        """Open one more issue, as the maintainer."""
        made = await self.repo("POST", "/issues", {"title": title, "body": body})
        return int(made["number"])

    async def said(self, issue: int) -> list[str]:
        """What Coppice wrote on an issue or pull request, oldest first; without notices."""
        comments = await self.repo("GET", f"/issues/{issue}/comments")
        ours = (c["body"] for c in comments if c["user"]["type"] == "Bot")
        return [body for body in ours if not NOTICE.search(body)]

    async def notices(self, issue: int) -> list[str]:
        """The comments by which Coppice asked a person to act."""
        comments = await self.repo("GET", f"/issues/{issue}/comments")
        return [c["body"] for c in comments if NOTICE.search(c["body"])]

    async def comment_that(self, issue: int, seen: Callable[[str], bool]) -> Json:
        """Wait for a comment of Coppice that looks as wanted; answer it."""
        listed: list[Json] = []
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    listed = await self.repo("GET", f"/issues/{issue}/comments")
                    ours = [c for c in listed if c["user"]["type"] == "Bot" and seen(c["body"])]
                    if ours:
                        return ours[0]
                    await asyncio.sleep(0.1)
        except TimeoutError:
            texts = "\n---\n".join(comment["body"] for comment in listed)
            raise AssertionError(f"no such comment among:\n{texts}") from None

    async def reactions(self, comment: int) -> list[str]:
        """The signs that Coppice put on a comment."""
        found = await self.repo("GET", f"/issues/comments/{comment}/reactions")
        return [r["content"] for r in found if r["user"]["type"] == "Bot"]

    async def reacted(self, comment: int, content: str) -> None:
        """Wait for a sign of Coppice on a comment."""
        async with asyncio.timeout(PATIENCE):
            while content not in await self.reactions(comment):
                await asyncio.sleep(0.1)

    async def checks(self, ref: str) -> dict[str, Json]:
        """The check runs on a commit, by name."""
        found = await self.repo("GET", f"/commits/{ref}/check-runs")
        return {check["name"]: check for check in found["check_runs"]}

    async def settled(self, event: str, number: int | None = None) -> Json:
        """Wait until a delivery of `event.action` is decided that was not asked for before."""

        def newest(c: Connection) -> DeliveryRow | None:
            rows = deliveries.listing(c, 0)
            mine = (r for r in rows if event in (r.event, f"{r.event}.{r.action}"))
            fitting = (r for r in mine if number in (None, r.number))
            return next((r for r in fitting if r.guid not in self.seen), None)

        database = await self._stored()
        async with asyncio.timeout(PATIENCE):
            while True:
                row = await database.read(newest)
                if row and row.decision not in (DecisionKind.PENDING, DecisionKind.ERROR):
                    self.seen.add(row.guid)
                    return (await self.listed("deliveries", row.guid))[0]
                await asyncio.sleep(0.05)

    async def writes(self) -> list[Json]:
        return list(await self.call("GET", f"{self.control}/writes"))

    @property
    def control(self) -> str:
        return f"{self.forge.ready['html_url']}/_forge"

    def script(self, issue: int, *attempts: Sequence[Mapping[str, Json]], **more: Json) -> None:
        """Say what the scripted agent does on an issue; ``more`` is `plan` or `review`."""
        path = self.folder / "scripts" / f"{issue}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump({"attempts": [list(steps) for steps in attempts], **more}))

    async def serve(self, house: Path = ROOT) -> None:
        """Start the service; again after a kill, at the same address, in a new interpreter.

        What is done again there has to be the same under another hash seed.
        """
        environment = {**self.settings, "COPPICE_PORT": str(self.port)}
        forked = self.forked and self.service is None
        log = self.folder / "serve.log"
        try:
            self.service = await Program.start(log, ("serve",), environment, house, forked=forked)
        except AssertionError as error:
            if not self.port or f"port {self.port} on" not in str(error):
                raise
            environment["COPPICE_PORT"] = "0"  # whoever connects may have had the old one meanwhile
            self.service = await Program.start(log, ("serve",), environment, house)
        url = str(self.service.ready["webhook_url"])
        self.port = int(url.rsplit(":", 1)[1].split("/")[0])
        await self.call_app("PATCH", "/app/hook/config", {"url": url})

    async def call_app(self, method: str, path: str, body: Json = None) -> Json:
        import time

        import jwt

        ready = self.forge.ready
        now = int(time.time())
        claims = {"iat": now - 60, "exp": now + 300, "iss": str(ready["app_id"])}
        key = Path(ready["private_key_file"]).read_text()
        headers = {"Authorization": f"Bearer {jwt.encode(claims, key, algorithm='RS256')}"}
        url = f"{ready['api_url']}{path}"
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            assert answer.status < 400, await answer.text()
            return await answer.json() if answer.content_length else None

    async def kill(self) -> None:
        assert self.service is not None
        await self.service.kill()

    async def head_after(self, pull_request: int, sha: str) -> str:
        """Wait until the head of a pull request has moved on from a commit."""
        async with asyncio.timeout(PATIENCE):
            while True:
                pull = await self.repo("GET", f"/pulls/{pull_request}")
                if pull["head"]["sha"] != sha:
                    return str(pull["head"]["sha"])
                await asyncio.sleep(0.1)

    async def listed(self, *arguments: str) -> list[Json]:
        """What `coppice ARGUMENTS --json` prints."""
        return list(json.loads(await self.output(*arguments, "--json")))

    async def output(self, *arguments: str) -> str:
        """What `coppice ARGUMENTS` prints."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            env={"PATH": os.environ["PATH"], **self.settings},
            cwd=ROOT,
        )
        out, _ = await process.communicate()
        return out.decode()

    async def runs(self) -> list[Json]:
        """What `coppice runs --json` prints, without the price of a process each time."""
        database = await self._stored()
        return await database.read(
            lambda c: [facts(run, runs.stages(c, run.id)) for run in runs.listing(c)]
        )

    async def earlier(self, seconds: float) -> None:
        """Have what was spent so far be spent that long before."""
        database, at = await self._stored(), tables.calls.c.started_at
        moved = update(tables.calls).values(started_at=at - seconds)
        await database.write(lambda c: c.execute(moved))

    async def _stored(self) -> Database:
        if self.database is None:
            self.database = await Database.open(self.settings["COPPICE_DATABASE_URL"])
        return self.database

    async def until(
        self, seen: Callable[[list[Json]], bool], *, seconds: float = PATIENCE
    ) -> list[Json]:
        """Wait until there are runs, as `coppice runs --json` lists them, that look as wanted."""
        found: list[Json] = []
        try:
            async with asyncio.timeout(seconds):
                while not (found := await self.runs()) or not seen(found):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            log = (self.folder / "serve.log").read_text()[-6000:]
            raise AssertionError(
                f"waited in vain; runs: {json.dumps(found, indent=1)}\n{log}"
            ) from None
        return found

    async def ended(self, issue: int, *, seconds: float = PATIENCE) -> Json:
        """Wait until the newest run of an issue has ended; answer it."""

        def seen(rows: list[Json]) -> bool:
            mine = [row for row in rows if row["issue"] == issue]
            return bool(mine) and mine[0]["status"] in ("done", "failed", "blocked", "cancelled")

        rows = await self.until(seen, seconds=seconds)
        return next(row for row in rows if row["issue"] == issue)

    async def at(self, issue: int, stage: str, *, attempt: int = 1) -> Json:
        """Wait until the run of an issue is at a stage."""

        def seen(rows: list[Json]) -> bool:
            return any(
                stage_row["name"] == stage
                and stage_row["status"] == "running"
                and stage_row["attempt"] == attempt
                for row in rows
                if row["issue"] == issue
                for stage_row in row["stages"]
            )

        rows = await self.until(seen)
        return next(row for row in rows if row["issue"] == issue)

    async def done_by_agent(self, run: Json, what: str) -> None:
        """Wait until the agent of a run has finished a step whose title holds some words."""

        def titles(c: Connection) -> list[str]:
            told = runs.events(c, run["id"])
            return [str(e.data.get("title")) for _, _, e in told if e.type == "tool_finished"]

        database = await self._stored()
        async with asyncio.timeout(PATIENCE):
            while not any(what in title for title in await database.read(titles)):
                await asyncio.sleep(0.05)


@asynccontextmanager
async def world(folder: Path, *, forked: bool = False, **settings: str) -> AsyncIterator[World]:
    """Start both programs with the demo's repository in the forge; ``forked`` by the nursery."""
    arguments = ("forge", "--json", "--state", str(folder / "forge"), "--seed", "demo")
    forge = await Program.start(folder / "forge.log", arguments, {}, forked=forked)
    ready = forge.ready
    environment = {
        "COPPICE_GITHUB_URL": ready["api_url"],
        "COPPICE_GITHUB_HTML_URL": ready["html_url"],
        "COPPICE_APP_ID": str(ready["app_id"]),
        "COPPICE_PRIVATE_KEY_FILE": ready["private_key_file"],
        "COPPICE_WEBHOOK_SECRET": ready["webhook_secret"],
        "COPPICE_DATA_DIR": str(folder / "coppice"),
        "COPPICE_SCRIPTS": str(folder / "scripts"),
        "COPPICE_AGENT": "scripted",
        **settings,
    }
    (folder / "scripts").mkdir()
    _share_cache(folder / "coppice")
    with _database(folder, settings) as url:
        environment["COPPICE_DATABASE_URL"] = url
        async with aiohttp.ClientSession() as session:
            here = World(folder, forge, session, environment, forked=forked)
            try:
                await here.serve()
                yield here
            finally:
                if here.service is not None:
                    await here.service.kill()
                if here.database is not None:
                    await here.database.close()
                await forge.kill()


def _database(folder: Path, settings: Mapping[str, str]) -> AbstractContextManager[str]:
    given = settings.get("COPPICE_DATABASE_URL")
    return nullcontext(given) if given else _with_tables(folder / "coppice/coppice.sqlite")


@contextmanager
def _with_tables(path: Path) -> Iterator[str]:
    """Choose the database. It has this version's tables: to make them takes a process each time."""
    with postgres.either(path) as url:
        if not databases.wanted():
            path.touch(mode=0o600)
            path.write_bytes(_empty_file())
        yield url


@functools.cache
def _empty_file() -> bytes:
    """Migrate one SQLite file for all worlds of this process."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "empty.sqlite"
        subprocess.run([sys.executable, "-m", "bot.store", path], check=True, cwd=ROOT)
        return path.read_bytes()


def _share_cache(data: Path) -> None:
    """Compile the secret rules once for all worlds, not once for each: it takes seconds."""
    shared = Path(tempfile.gettempdir()) / f"coppice-tests-{os.getuid()}" / "cache"
    shared.mkdir(mode=0o700, parents=True, exist_ok=True)
    data.mkdir(mode=0o700, exist_ok=True)
    (data / "cache").symlink_to(shared)
