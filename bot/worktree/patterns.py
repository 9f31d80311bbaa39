"""Refuse files of patterns that would keep git of the host busy for hours, or fill its memory.

git reads `.gitignore` and `.gitattributes` whole, one of every folder above a file at once, and
tries each `**` at every folder of a path: outside of the box, where nothing bounds it.
"""

import asyncio
import os
import re
from collections.abc import Iterable
from math import comb

from bot.errors import StageFailed
from bot.worktree.changes import blobs, sizes
from bot.worktree.git import Git
from bot.worktree.names import checked_sha

ATTRIBUTES = ".gitattributes"
NAMES = frozenset((".gitignore", ATTRIBUTES))
LARGEST = 256 * 1024
LARGEST_IN_ALL = 16 * 1024 * 1024
MOST_WAYS = 100_000
"""In which the `**` of one pattern may be spread over the folders of one path."""

_ACROSS = re.compile(rb"\*\*+(?!\*|\s*$)", re.MULTILINE)  # one at the end matches at once


def check(files: Iterable[str], deepest: int) -> None:
    """Look at these files of a tree whose folders are ``deepest`` deep; raises StageFailed."""
    total = 0
    for path in files:
        size = os.lstat(path).st_size
        total += size
        _weigh(path, size, total)
        with open(path, "rb") as file:
            _judge(path, file.read(LARGEST), deepest)


async def check_commit(git: Git, commit: str) -> None:
    """Look at the attributes of a commit, which git reads as it lays the commit out.

    Raises StageFailed, and GitError where the commit is missing.
    """
    listed = await git.run("ls-tree", "-r", "-z", checked_sha(commit))
    attributes, deepest = await asyncio.to_thread(_attributes, listed)  # of a million files, too
    if not attributes:
        return
    weights, total = await sizes(git, [*attributes.values()]), 0
    for path, sha in attributes.items():
        total += weights[sha]
        _weigh(path, weights[sha], total)
    texts = await blobs(git, [*attributes.values()], LARGEST)
    for path, sha in attributes.items():
        _judge(path, texts[sha], deepest)


def _attributes(listed: bytes) -> tuple[dict[str, str], int]:
    """Find the files of attributes in what `ls-tree` lists, and how deep the deepest path is."""
    found: dict[str, str] = {}
    deepest = 1
    for entry in listed.split(b"\0"):
        head, _, name = entry.partition(b"\t")
        deepest = max(deepest, name.count(b"/") + 1)
        if head.startswith(b"100") and os.fsdecode(name.rpartition(b"/")[2]) == ATTRIBUTES:
            found[os.fsdecode(name)] = head.rpartition(b" ")[2].decode()
    return found, deepest


def _weigh(path: str, size: int, total: int) -> None:
    if size > LARGEST or total > LARGEST_IN_ALL:
        raise _refused(path, f"is larger than {LARGEST >> 10} KB, or they are all together")


def _judge(path: str, text: bytes, deepest: int) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        if comb(deepest, len(_ACROSS.findall(line))) > MOST_WAYS:
            raise _refused(path, f"has too many `**` in line {number}")


def _refused(path: str, why: str) -> StageFailed:
    folder, _, name = os.fsdecode(path).rpartition("/")
    where = f"`{name}` in `{os.path.basename(folder)}`"
    return StageFailed("bad_pattern", f"{where} {why}; git cannot read it in time", blocked=True)
