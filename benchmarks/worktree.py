"""How long a warm worktree on what GitHub has now takes, against a shallow clone of the same.

Both fetch over smart HTTP on loopback, so network time is in neither. Before each round five
commits are pushed, and the run before leaves changed files and junk.
"""

import asyncio
import multiprocessing
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp import web

from benchmarks.figure import compare, in_turn, show
from bot.forge.git import Access, Change, add_git
from bot.worktree import Mirrors, Works, Worktrees

FILES, SIZE = 1326, 13_500  # as the repository of performance.md, section 2
MAIN = "refs/heads/main"
GIT = {
    "PATH": os.defpath + ":/usr/local/bin",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    **{f"GIT_{role}_NAME": "Ana" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "ana@example.org" for role in ("AUTHOR", "COMMITTER")},
}


def git(path: Path, *arguments: str) -> None:
    subprocess.run(
        ("git", "-c", "gc.auto=0", *arguments), cwd=path, env=GIT, check=True, capture_output=True
    )


class Project:
    """A repository of some size, and the developer who changes it."""

    def __init__(self, folder: Path) -> None:
        self.bare, self.work = folder / "acme/shop.git", folder / "developer"
        self.dice = random.Random(7)
        self.names = [f"src/{n % 40}/part{n % 7}/file{n}.py" for n in range(FILES)]
        for path, options in ((self.bare, ("--bare",)), (self.work, ())):
            path.mkdir(parents=True)
            git(path, "init", "-q", "-b", "main", *options)
        self.commit(self.names)

    def commit(self, names: list[str]) -> None:
        for name in names:
            (self.work / name).parent.mkdir(parents=True, exist_ok=True)
            words = (f"name_{self.dice.randrange(9999)}" for _ in range(SIZE // 10))
            (self.work / name).write_text("\n".join(words))
        git(self.work, "add", "-A")
        git(self.work, "commit", "-q", "-m", "Change")
        git(self.work, "push", "-q", str(self.bare), "main")


@dataclass(frozen=True, slots=True)
class Host:
    """Serves one repository to everybody."""

    bare: Path

    async def authorize(self, token: str | None, full_name: str, *, write: bool) -> Access:
        return Access(path=self.bare)

    async def pushed(self, access: Access, changes: Mapping[str, Change]) -> None:
        """Nobody pushes here."""

    async def serve(self, told: Connection) -> None:
        app = web.Application()
        add_git(app, self, self.bare.parent / "hooks")
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        told.send(f"http://127.0.0.1:{runner.addresses[0][1]}/acme/shop.git")
        await asyncio.Event().wait()


def serve(bare: Path, told: Connection) -> None:
    asyncio.run(Host(bare).serve(told))


@contextmanager
def served(bare: Path) -> Iterator[str]:
    """Serve from a process of its own; gives the address."""
    spawn = multiprocessing.get_context("spawn")
    hear, tell = spawn.Pipe(duplex=False)
    process = spawn.Process(target=serve, args=(bare, tell))
    process.start()
    try:
        yield hear.recv()
    finally:
        process.terminate()
        process.join()


def leave_work(tree: Path, names: list[str]) -> None:
    """Leave what a run leaves: twenty changed files, two hundred of junk."""
    for name in names[:20]:
        (tree / name).write_text("changed\n")
    for number in range(200):
        (tree / f"junk{number % 9}").mkdir(exist_ok=True)
        (tree / f"junk{number % 9}/{number}").touch()


class Service:
    """The part of a running service that brings a worktree."""

    def __init__(self, data: Path) -> None:
        self.mirrors = Mirrors(data / "mirrors")
        self.pool = Worktrees(data / "worktrees", Works(data / "runs", self.mirrors))

    async def warm(self, project: Project, url: str) -> float:
        """Fetch, take a worktree, and answer how long it took until it could be worked in."""
        began = time.perf_counter()
        base = (await self.mirrors.fetch(1, url, None, [MAIN]))[MAIN]
        async with self.pool.take(1, base, "run") as worktree:
            took = time.perf_counter() - began
            leave_work(worktree.path, project.names)
        return took


def clone(url: str, path: Path) -> float:
    began = time.perf_counter()
    git(path.parent, "clone", "-q", "--depth", "1", url, str(path))
    took = time.perf_counter() - began
    shutil.rmtree(path)
    return took


def main() -> None:
    with tempfile.TemporaryDirectory() as name, asyncio.Runner() as runner:
        folder = Path(name)
        project, service = Project(folder), Service(folder / "data")
        with served(project.bare) as url:

            def ours() -> float:
                for _ in range(5):
                    project.commit(project.dice.sample(project.names, 4))
                return runner.run(service.warm(project, url))

            series = in_turn(ours, lambda: clone(url, folder / "clone"))
    title = f"a warm worktree on the fetched base ({FILES} files)"
    show(compare(title, "`git clone --depth 1`", "s", series, most=0.1))


if __name__ == "__main__":
    main()
