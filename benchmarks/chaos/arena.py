"""A forge with many repositories, and the service beside it as processes of their own."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from benchmarks.chaos.hub import Door, Hub, Refused
from benchmarks.chaos.stories import Home, Story, homes_of, scenario
from bot.guard.secrets import warm
from bot.scripted_model import ScriptedModel
from bot.store.database import Database
from tests.service.world import ROOT, Program

SWEEP_SECONDS = 3
MOST_FAULTS = 100
"""So many may wait for the next call one after the other."""
ALONE = ("all",)
CLUSTER = ("web1", "web2", "worker1", "worker2")
"""What runs side by side on PostgreSQL."""
SETTINGS = {
    "COPPICE_AGENT": "scripted",
    "COPPICE_SWEEP_SECONDS": str(SWEEP_SECONDS),
    "COPPICE_LIMIT_WORKER": "4",
    "COPPICE_LIMIT_INSTALLATION": "8",
}


@dataclass(slots=True)
class Server:
    """One process of the service, started again under the same name and port."""

    role: str
    log: Path
    environment: dict[str, str]
    process: asyncio.subprocess.Process | None = None
    ready: Any = None

    @classmethod
    def of(cls, here: "Arena", name: str) -> "Server":
        """Name a process by its role, with a number behind it where there are several."""
        return cls(name.rstrip("12"), here.folder / f"{name}.log", _environment(here, name))

    @property
    def takes_deliveries(self) -> bool:
        return self.role != "worker"

    async def spawn(self) -> None:
        """Start it, without waiting until it is ready."""
        with self.log.open("ab") as errors:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "serve", "--role", self.role),
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=self.environment,
                cwd=ROOT,
            )

    async def until_ready(self) -> None:
        """Wait for its line; raises RuntimeError where it ended first."""
        if self.process is None or self.process.stdout is None:
            raise RuntimeError("it was not started")
        line = await self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"serve ended by itself: {self.log.read_text()[-3000:]}")
        self.ready = json.loads(line)
        self.environment["COPPICE_PORT"] = self.ready["url"].rsplit(":", 1)[1]

    async def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            self.process.send_signal(how)
        if self.process.stdout is not None:
            await self.process.stdout.read()
        await self.process.wait()


@dataclass(slots=True)
class Arena:
    folder: Path
    door: Door
    session: aiohttp.ClientSession
    model: ScriptedModel
    forge: Program
    database_url: str
    servers: list[Server] = field(default_factory=list)
    _hubs: dict[str, Hub] = field(default_factory=dict)

    def hub(self, home: Home) -> Hub:
        """The forge as the maintainer of a repository sees it."""
        return self._hubs.setdefault(
            home.token, Hub(self.session, self.door.ready["api_url"], home.token)
        )

    async def database(self) -> Database:
        return await Database.open(self.database_url)

    async def sow(self, stories: Sequence[Story]) -> None:
        """Make all repositories and issues, and write what the agents do."""
        for home in homes_of(stories):
            maintainer = {"login": home.maintainer, "token": home.token}
            wanted = {"repository": home.full_name, "files": home.files, "maintainer": maintainer}
            await self.door.control("POST", "switch", {"switch": "found", **wanted})
        for story in stories:
            path = self.folder / "scripts" / story.home.full_name / f"{story.issue}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(story.script))
            body = {"title": story.title, "body": "Please."}
            issues = f"/repos/{story.home.full_name}/issues"
            made = await self.hub(story.home).send("POST", issues, body)
            if made["number"] != story.issue:
                raise RuntimeError(f"issue {made['number']} should be {story.issue}")

    async def until_working(self, server: Server) -> None:
        """Wait until a process acts on deliveries, not only takes them in."""
        for _ in range(1200):
            with suppress(aiohttp.ClientError):
                async with self.session.get(f"{server.ready['url']}/readyz") as answer:
                    if answer.ok:
                        return
            await asyncio.sleep(0.1)
        raise RuntimeError(f"serve does not work: {server.log.read_text()[-3000:]}")

    async def serve(self) -> None:
        """Start every process of the service and lead the webhooks to it."""
        for server in self.servers:
            await server.spawn()
            await server.until_ready()
            await self.until_working(server)
        await self.lead_to(self.servers[0])

    async def lead_to(self, server: Server) -> None:
        """Have deliveries go to a process, as a load balancer does.

        It takes the App's name for it, and so meets the faults that are meant for the App.
        """
        address = {"url": server.ready["webhook_url"]}
        for _ in range(MOST_FAULTS):
            with suppress(aiohttp.ClientError, Refused):
                await self.door.app("PATCH", "/app/hook/config", address)
                return
            await asyncio.sleep(0.1)
        raise RuntimeError("the forge takes no other address for deliveries")

    async def lead_away_from(self, server: Server) -> None:
        """Have deliveries go to another process that takes them, if there is one."""
        others = [s for s in self.servers if s.takes_deliveries and s is not server]
        if server.takes_deliveries and others:
            await self.lead_to(others[0])


@asynccontextmanager
async def arena(folder: Path, stories: Sequence[Story], database_url: str) -> AsyncIterator[Arena]:
    """Start forge, model and service; the forge's limits on people are lifted, the App's hold."""
    (folder / "scripts").mkdir(parents=True, mode=0o700)
    cache = await _compiled_rules()
    arguments = ("forge", "--json", "--state", str(folder / "forge"), "--seed", "demo")
    forge = await Program.start(folder / "forge.log", arguments, {})
    url = database_url or f"sqlite:///{folder}/all/coppice.sqlite"
    async with aiohttp.ClientSession() as session, ScriptedModel(scenario(stories)) as model:
        model.calls = type(model.calls)(maxlen=None)
        here = Arena(folder, Door(session, forge.ready), session, model, forge, url)
        try:
            await here.door.control("POST", "switch", {"switch": "limits", "hourly": 10**9})
            for name in CLUSTER if database_url else ALONE:
                (folder / name).mkdir(mode=0o700)
                (folder / name / "tmp").mkdir(mode=0o700)
                (folder / name / "cache").symlink_to(cache)
                here.servers.append(Server.of(here, name))
            await here.serve()
            await here.sow(stories)
            yield here
        finally:
            for server in here.servers:
                await server.end()
            await forge.kill()


async def _compiled_rules() -> Path:
    """Compile the secret rules once for all plays: it takes seconds, no process would live long
    enough for it where all are killed soon."""
    shared = Path(tempfile.gettempdir()) / f"coppice-tests-{os.getuid()}" / "cache"
    shared.mkdir(mode=0o700, parents=True, exist_ok=True)
    (shared / "secret-rules").mkdir(mode=0o700, exist_ok=True)
    await asyncio.to_thread(warm, shared / "secret-rules")
    return shared


def _environment(here: Arena, name: str) -> dict[str, str]:
    ready, folder = here.door.ready, here.folder
    models = folder / "models.yml"
    endpoint = {
        "url": f"{here.model.url}/v1",
        "api": "chat",
        "model": "scripted-model",
        "price": {"input": 5.0, "output": 5.0},
        "max_output": 256,
    }
    models.write_text(yaml.safe_dump({"endpoints": {"local": endpoint}, "agents": ["loop"]}))
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder / name / "tmp"),
        "COPPICE_GITHUB_URL": ready["api_url"],
        "COPPICE_GITHUB_HTML_URL": ready["html_url"],
        "COPPICE_APP_ID": str(ready["app_id"]),
        "COPPICE_PRIVATE_KEY_FILE": ready["private_key_file"],
        "COPPICE_WEBHOOK_SECRET": ready["webhook_secret"],
        "COPPICE_DATA_DIR": str(folder / name),
        "COPPICE_DATABASE_URL": here.database_url,
        **({"COPPICE_WORKER": name} if name.startswith("worker") else {}),
        "COPPICE_SCRIPTS": str(folder / "scripts"),
        "COPPICE_MODELS_FILE": str(models),
        "COPPICE_BUDGET_MONTH": "1000usd",
        "COPPICE_PORT": "0",
        **SETTINGS,
    }
