"""A bare mirror per repository: what GitHub has now, and only what GitHub gave us.

Nothing packs or prunes behind our back: `gc.auto` is 0. Each fetch leaves one pack; when there are
many, they are rolled together without dropping an object, for a run may stand on a commit that no
ref of GitHub names any more.
"""

import asyncio
import contextlib
import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from weakref import WeakValueDictionary

from bot.worktree.completion import to_the_end
from bot.worktree.directory import ensure_directory, free_locks
from bot.worktree.failures import Damaged
from bot.worktree.git import Git
from bot.worktree.moved import following
from bot.worktree.names import checked_branch, checked_ref, checked_sha
from bot.worktree.remote import DIRECT, Network, Remote

FETCH_SECONDS = 1800.0
PACKS = 40  # every look-up asks each pack in turn
SUSPECT = "coppice-suspect"

UNSYNCED = (("core.fsync", "none"),)  # a mirror that a power cut broke is cloned again

FETCH = (
    "fetch",
    "--quiet",
    "--force",
    "--no-tags",
    "--no-recurse-submodules",
    "--no-auto-maintenance",
    "--no-write-fetch-head",
    "--",
)


class Mirrors:
    """The mirrors below ``root``, one `{repository id}.git` each; one process per directory."""

    def __init__(self, root: Path, *, network: Network = DIRECT) -> None:
        self.root = root
        self._network = network
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def path(self, repository_id: int) -> Path:
        return self.root / f"{repository_id}.git"

    def remote(self, url: str, token: str | None) -> Remote:
        return Remote(url=url, token=token, network=self._network)

    async def fetch(
        self, repository_id: int, url: str, token: str | None, refs: Sequence[str]
    ) -> dict[str, str]:
        """Fetch full refs (or object ids) and answer where they stand on GitHub now.

        Raises RefMissing when there is no such ref (an empty repository has none), AccessDenied,
        Unreachable, RemoteMoved, else GitError. A damaged mirror is cloned afresh.
        """
        wanted = {checked_ref(ref): _name(ref) for ref in refs}
        if not wanted:
            return {}
        remote = self.remote(url, token)
        specs = [f"+{ref}:{name}" for ref, name in wanted.items()]
        turn = self._turns.setdefault(repository_id, asyncio.Lock())
        async with turn:
            mirror = ensure_directory(self.path(repository_id))
            free_locks(mirror)  # of a fetch that was killed
            await _bring(mirror, remote, specs)
            await _roll_packs(mirror)
            return {ref: (mirror / name).read_text().strip() for ref, name in wanted.items()}

    async def keep_branch(self, repository_id: int, branch: str, sha: str) -> Path:
        """Name a fetched commit as a branch, for whoever copies the mirror; answer where it is."""
        mirror = self.path(repository_id)
        ref = f"refs/heads/{checked_branch(branch)}"
        await Git(directory=mirror).run("update-ref", ref, checked_sha(sha))
        return mirror

    async def remote_sha(
        self, repository_id: int, url: str, token: str | None, branch: str
    ) -> str | None:
        """Ask GitHub where a branch is now; None: there is no such branch."""
        ref = f"refs/heads/{checked_branch(branch)}"
        git = Git(directory=ensure_directory(self.path(repository_id)))
        answer = await following(
            self.remote(url, token),
            lambda remote: git.run("ls-remote", "--", remote.url, ref, remote=remote),
        )
        lines = (line.split("\t") for line in answer.decode(errors="replace").splitlines())
        return next((sha for sha, name in lines if name == ref), None)

    def suspect(self, repository_id: int) -> None:
        """Have the mirror cloned afresh at its next fetch: it lacks an object."""
        (self.path(repository_id) / SUSPECT).touch()


def _name(ref: str) -> str:
    """Name our copy of a ref by digest: `a` and `a/b` may follow each other on GitHub."""
    return f"refs/coppice/{hashlib.sha256(ref.encode()).hexdigest()[:40]}"


async def _bring(mirror: Path, remote: Remote, specs: Sequence[str]) -> None:
    if (mirror / SUSPECT).exists():
        await _clone_again(mirror, remote, specs)
        return
    try:
        await _fetch(mirror, remote, specs)
    except Damaged:
        await _clone_again(mirror, remote, specs)


async def _fetch(mirror: Path, remote: Remote, specs: Sequence[str]) -> None:
    git = Git(directory=mirror, settings=UNSYNCED)
    await following(
        remote,
        lambda there: git.run(*FETCH, there.url, *specs, remote=there, seconds=FETCH_SECONDS),
    )


async def _roll_packs(mirror: Path) -> None:
    if len(list((mirror / "objects/pack").glob("*.pack"))) > PACKS:
        with contextlib.suppress(Damaged):  # the next fetch or checkout meets it again
            await Git(directory=mirror).run(
                "repack", "--geometric=2", "--window=0", "-d", "-q", seconds=FETCH_SECONDS
            )


async def _clone_again(mirror: Path, remote: Remote, specs: Sequence[str]) -> None:
    """Put a new clone where the old mirror was: others refer to it by its path."""
    new, old = mirror.with_suffix(".new"), mirror.with_suffix(".old")
    for left in (new, old):
        await to_the_end(shutil.rmtree, left, ignore_errors=True)
    await _fetch(ensure_directory(new), remote, specs)
    os.rename(mirror, old)
    os.rename(new, mirror)
    await to_the_end(shutil.rmtree, old, ignore_errors=True)
