"""A host with one repository and three bearers, real git as its client."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from bot.forge.git import (
    Access,
    Change,
    Identity,
    NewCommit,
    PushRules,
    TreeEntry,
    add_git,
    create_blob,
    create_commit,
    create_ref,
    create_repository,
    create_tree,
)

ANA = Identity(name="Ana", email="ana@example.org", at=1_760_000_000)
QUIET = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0"}


@pytest.fixture
async def repository(tmp_path: Path) -> Path:
    """A bare repository with one commit on `main`."""
    path = tmp_path / "repositories" / "acme" / "shop.git"
    await create_repository(path)
    commit = await commit_files(path, {"README.md": "# Shop\n", "src/shop.py": "PRICE = 1\n"})
    await create_ref(path, "refs/heads/main", commit)
    return path


async def commit_files(path: Path, files: Mapping[str, str], *parents: str) -> str:
    """Commit files over the first parent's tree; no branch moves."""
    entries = [
        TreeEntry(path=name, mode="100644", sha=await create_blob(path, text.encode()))
        for name, text in files.items()
    ]
    tree = await create_tree(path, entries, parents[0] if parents else None)
    new = NewCommit(tree=tree, parents=parents, message="Change the shop", author=ANA)
    return await create_commit(path, new)


@dataclass(slots=True)
class Shop:
    """A host whose tokens are their own meaning: `writer`, `reader`, `app`."""

    path: Path
    url: str = ""
    rules: PushRules = field(default_factory=PushRules)
    pushes: list[tuple[str, dict[str, Change]]] = field(default_factory=list)

    async def authorize(self, token: str | None, full_name: str, *, write: bool) -> Access:
        if token is None:
            return Access(status=401)
        if full_name != "acme/shop" or token == "stranger":
            return Access(status=404)
        if write and token == "reader":
            return Access(status=403, message="Write access to repository not granted.")
        return Access(path=self.path, rules=self.rules, bearer=token)

    async def pushed(self, access: Access, changes: Mapping[str, Change]) -> None:
        self.pushes.append((access.bearer, dict(changes)))


@pytest.fixture
async def shop(repository: Path, tmp_path: Path) -> AsyncIterator[Shop]:
    shop = Shop(repository)
    app = web.Application()
    add_git(app, shop, tmp_path / "hooks")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    shop.url = f"http://127.0.0.1:{runner.addresses[0][1]}/acme/shop.git"
    yield shop
    await runner.cleanup()


@dataclass(frozen=True, slots=True)
class Clone:
    """A person's clone; ``git`` answers (exit code, stdout and stderr)."""

    path: Path

    async def git(self, *arguments: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *("git", "-C", str(self.path), "-c", "user.name=Bo", "-c", "user.email=bo@x.org"),
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **QUIET},
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    async def commit(self, path: str, text: str, message: str = "Change") -> None:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        await self.git("add", "-A")
        code, output = await self.git("commit", "-m", message)
        assert code == 0, output


def address(shop: Shop, token: str | None = "writer") -> str:
    return shop.url.replace("://", f"://x-access-token:{token}@") if token else shop.url


@pytest.fixture
async def clone(shop: Shop, tmp_path: Path) -> Clone:
    (tmp_path / "work").mkdir()
    work = Clone(tmp_path / "work")
    code, output = await work.git("clone", "-q", address(shop), ".")
    assert code == 0, output
    return work
