"""Read a branch's history: what its commits are called, and how two versions of a branch differ."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import GitError
from bot.worktree.git import Git
from bot.worktree.names import checked_sha
from bot.worktree.objects import Objects

SECONDS = 20.0
_AUTHOR, _END = "\x1f", "\x1e"


async def messages(
    git: Git, commit: str, most: int, paths: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """List author's name and message of the newest commits in a branch's own line.

    With ``paths`` only those that changed one of them. Raises GitError.
    """
    said = await git.run(
        "log",
        "--first-parent",
        "--no-show-signature",
        f"--max-count={most}",
        f"--format=%an{_AUTHOR}%B{_END}",
        checked_sha(commit),
        "--",
        *(f":(literal){path}" for path in paths),
        seconds=SECONDS,
    )
    rows = [row.strip("\n").partition(_AUTHOR) for row in os.fsdecode(said).split(_END)]
    return [(author, message) for author, sign, message in rows if sign]


async def range_diff(git: Git, old: tuple[str, str], new: tuple[str, str]) -> str:
    """Compare two versions of a branch commit by commit, each given as base and head.

    Raises GitError, also where that takes longer than people would wait.
    """
    said = await git.run(
        "range-diff",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--no-notes",
        f"{checked_sha(old[0])}..{checked_sha(old[1])}",
        f"{checked_sha(new[0])}..{checked_sha(new[1])}",
        seconds=SECONDS,
    )
    return said.decode(errors="replace")


async def names(git: Git, commit: str, folder: str) -> list[str]:
    """List the files of one folder of a commit; ``folder`` empty: its root."""
    below = (f"{folder.rstrip('/')}/",) if folder else ()
    said = await git.run("ls-tree", "-z", "--name-only", checked_sha(commit), *below)
    return [os.fsdecode(path).rpartition("/")[2] for path in said.split(b"\0") if path]


@dataclass(frozen=True, slots=True)
class Tip:
    """A branch at one commit: its files and what was merged lately."""

    objects: Objects
    commit: str

    async def names(self, folder: str) -> list[str]:
        return await names(self.objects.git, self.commit, folder)

    async def file(self, path: str) -> bytes | None:
        return await self.objects.file(self.commit, path)

    async def messages(self, most: int, paths: Sequence[str] = ()) -> list[tuple[str, str]]:
        """Nothing where git cannot tell in time: nobody's work depends on it."""
        try:
            return await messages(self.objects.git, self.commit, most, paths)
        except GitError:
            return []
