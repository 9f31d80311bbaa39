"""The forge, a Coppice that writes to it, and the people around them."""

import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.forge.seed import seed_demo
from bot.forge.server import Running, running
from bot.github.app import App, Registration
from bot.github.client import Client
from bot.github.clock import Clock
from bot.github.effects import Effects
from bot.github.limits import WriteBudget
from bot.github.tokens import FETCH, Scope
from bot.runs import Applied, Effect, Push, RepositoryRef
from bot.store import ledger
from bot.store.database import Database
from bot.worktree import Identity, Mirrors, Objects, Pusher, Works
from tests import postgres

RUN = "4f9a1c0d2e3f"
KEY = b"k" * 32
BRANCH = f"coppice/1-{RUN[:6]}"
AUTHOR = Identity(name="coppice[bot]", email="coppice@example.test")
GIT = "/*.git/git-receive-pack"


class Time:
    """Time here and in the forge: real, but waiting takes none of it and is written down."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ahead += seconds

    def now(self) -> float:
        return time.time() + self.ahead

    @property
    def clock(self) -> Clock:
        return Clock(
            now=self.now,
            monotonic=lambda: time.monotonic() + self.ahead,
            sleep=self.sleep,
        )


@dataclass
class World:
    forge: Running
    session: aiohttp.ClientSession
    data: Path
    opened: ExitStack
    """Ends with the world."""
    database: Database
    time: Time
    app: App
    effects: Effects
    works: Works
    limits: WriteBudget
    repository: RepositoryRef

    # --- Coppice ---------------------------------------------------------------------------------

    async def apply(self, effect: Effect, run_id: str | None = RUN) -> Applied:
        return await self.effects.apply(self.repository, effect, run_id=run_id)

    async def client(self) -> Client:
        return await self.app.client(self.repository.installation_id, self.repository.id)

    async def forget(self) -> None:
        """Be killed after the write, before the ledger knew: every row says pending again."""
        url = self.opened.enter_context(postgres.either(self.data / "empty.sqlite"))
        self.database = await Database.open(url)
        self.effects = make_effects(
            self.app, self.database, Pusher(self.works), self.limits, self.time
        )

    async def status(self, key: str) -> str | None:
        row = await self.database.read(lambda c: ledger.get(c, key))
        return row.status if row else None

    @property
    def objects(self) -> Objects:
        return self.works.open(self.repository.id, RUN)

    async def fetch(self, branch: str = "main") -> str:
        url = f"{self.forge.ready['html_url']}/{self.forge.ready['repository']}.git"
        ref = f"refs/heads/{branch}"

        async def fetch(token: str) -> dict[str, str]:
            return await self.works.mirrors.fetch(self.repository.id, url, token, [ref])

        scope = Scope(self.repository.installation_id, self.repository.id, FETCH)
        return (await self.app.with_git(scope, fetch))[ref]

    async def commit(self, parent: str, message: str = "Work") -> str:
        tree = await self.objects.tree(parent)
        return await self.objects.commit(tree, (parent,), message, author=AUTHOR, at=1_700_000_000)

    async def push_work(self) -> str:
        """Push one commit on `main` to our branch."""
        sha = await self.commit(await self.fetch())
        await self.apply(Push(branch=BRANCH, sha=sha, expected=None))
        return sha

    # --- people and the forge --------------------------------------------------------------------

    async def call(self, method: str, path: str, body: Any = None, who: str = "maintainer") -> Any:
        """Call the repository's REST API as one of the people."""
        ready = self.forge.ready
        url = f"{ready['api_url']}/repos/{ready['repository']}{path}"
        headers = {"authorization": f"Bearer {ready['users'][who]['token']}"}
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json() if answer.status != 204 else None

    async def switch(self, name: str, /, **values: Any) -> None:
        await self._control("/_forge/switch", {"switch": name, **values})

    async def fault(self, kind: str, /, **values: Any) -> None:
        await self._control("/_forge/faults", {"kind": kind, **values})

    async def play_ci(self, sha: str, jobs: list[dict[str, Any]]) -> None:
        """Have somebody's CI run jobs on a commit, to their end."""
        where = {"repository": self.repository.full_name, "sha": sha}
        await self._control("/_forge/ci", {**where, "runs": jobs})

    async def _control(self, path: str, body: Any) -> None:
        async with self.session.post(self.forge.ready["api_url"] + path, json=body) as answer:
            assert answer.status == 200, await answer.text()

    def writes(self, path: str = "") -> list[str]:
        """What the App has written and GitHub has taken, as `METHOD path`."""
        return [
            f"{write.method} {write.path}"
            for write in self.forge.forge.state.writes
            if write.actor == "coppice[bot]" and write.status < 300 and path in write.path
        ]


def make_effects(
    app: App, database: Database, pusher: Pusher, limits: WriteBudget, time: Time
) -> Effects:
    return Effects(app, database, limits=limits, marker_key=KEY, pusher=pusher, clock=time.clock)


@asynccontextmanager
async def open_world(directory: Path, session: aiohttp.ClientSession) -> AsyncIterator[World]:
    async with running(directory / "forge", seed_demo, strict=True) as forge:
        ready = forge.ready
        state = forge.forge.state
        repository = RepositoryRef(
            id=next(iter(state.repositories)),
            full_name=ready["repository"],
            installation_id=ready["installation_id"],
        )
        registration = Registration(
            app_id=ready["app_id"],
            private_key=Path(ready["private_key_file"]).read_text(),
            api_url=ready["api_url"],
            timeout=aiohttp.ClientTimeout(total=2),
        )
        time = Time()
        state.clock = time.now
        app = App(registration, session, time.clock)
        limits = WriteBudget(time.clock)
        works = Works(directory / "runs", Mirrors(directory / "mirrors"))
        opened = ExitStack()
        url = opened.enter_context(postgres.either(directory / "coppice.sqlite"))
        database = await Database.open(url)
        world = World(
            forge=forge,
            session=session,
            data=directory,
            opened=opened,
            database=database,
            time=time,
            app=app,
            effects=make_effects(app, database, Pusher(works), limits, time),
            works=works,
            limits=limits,
            repository=repository,
        )
        try:
            yield world
        finally:
            if world.database is not database:
                await world.database.close()
            await database.close()
            opened.close()
        assert state.violations == []
