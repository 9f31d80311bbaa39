"""The room under test in a data directory of its own, with a hub that serves git over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bot.forge.git import add_git
from bot.worktree import Identity, Mirrors, Objects, Pusher, Works, Worktrees
from tests.worktree.hub import TOKEN, Hub, make_hub, redirect

APP = Identity(name="coppice-test[bot]", email="41+coppice-test[bot]@users.noreply.github.com")
REPOSITORY = 7
RUN = "4f9a1c2b3d4e"
FILES: dict[str, str | bytes | None] = {
    "README.md": "# Shop\n",
    "src/shop.py": "PRICE = 1\n",
    "src/cart/cart.py": "ITEMS = []\n",
    ".gitignore": "ignored/\n*.log\n",
}


@dataclass(frozen=True, slots=True)
class Room:
    data: Path
    hub: Hub
    mirrors: Mirrors
    works: Works
    worktrees: Worktrees
    pusher: Pusher

    async def fetch(self, ref: str = "refs/heads/main") -> str:
        return (await self.mirrors.fetch(REPOSITORY, self.hub.url, TOKEN, [ref]))[ref]

    def objects(self, run: str = RUN) -> Objects:
        return self.works.open(REPOSITORY, run)


@asynccontextmanager
async def open_room(folder: Path) -> AsyncIterator[Room]:
    hub = make_hub(folder)
    app = web.Application()
    app.router.add_route("*", "/acme/{name:old|away}.git/{rest:.*}", redirect)
    add_git(app, hub, folder / "hooks")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hub.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    hub.url = f"{hub.origin}/acme/shop.git"
    data = folder / "data"
    mirrors = Mirrors(data / "mirrors")
    works = Works(data / "runs", mirrors)
    worktrees = Worktrees(data / "worktrees", works)
    yield Room(data, hub, mirrors, works, worktrees, Pusher(works))
    await runner.cleanup()
