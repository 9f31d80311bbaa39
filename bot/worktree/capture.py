"""Turn what lies in a worktree into a tree, through an index that nobody else uses.

No porcelain adds the files: `git add` enters nested repositories and gives up on unborn ones.
"""

import errno
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.errors import StageFailed
from bot.worktree.completion import to_the_end
from bot.worktree.directory import free_lock
from bot.worktree.git import Git
from bot.worktree.objects import Objects
from bot.worktree.slot import Slot
from bot.worktree.sweep import open_up

SECONDS = 900.0
READ_LIMIT = 1024 * 1024 * 1024  # bytes of changed files that are read at most, all together
GITLINK = "160000"
UNREAD = "1" * 40  # stands for a nested repository's commit, which nobody looks up

_LEFT_OUT = re.compile(r"^Ignoring path (.*)", re.MULTILINE)  # and git calls that a success

STATUS = (
    "status",
    "--porcelain=v1",
    "-z",
    "--untracked-files=all",
    "--no-renames",
    "--ignore-submodules=dirty",  # `all` would hide a changed gitlink; `none` runs git in there
)


@dataclass(slots=True)
class Found:
    """What differs from the index, as raw paths."""

    present: list[bytes] = field(default_factory=list)
    gone: list[bytes] = field(default_factory=list)
    nested: list[bytes] = field(default_factory=list)


async def capture(slot: Slot, objects: Objects, drop: Callable[[str], bool]) -> str:
    await to_the_end(_open, slot.tree)
    private = slot.path / "capture-index"
    free_lock(private)  # of a git that was killed
    shutil.copy2(slot.git / "index", private)  # with its time: git compares it with the files'
    try:
        git = replace(slot.git_for(objects), index=private)
        found = _sort(await git.run(*STATUS, seconds=SECONDS), drop)
        _weigh(slot.tree, found.present)
        await _enter(git, found)
        return await git.text("write-tree")
    finally:
        private.unlink(missing_ok=True)


def _open(tree: Path) -> None:
    try:
        open_up(tree)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        # in the box, whose root is nearer, such a path may be made
        reason = "folders lie so deep in each other that a path is longer than the system takes"
        raise StageFailed("bad_path", reason, blocked=True) from error


async def _enter(git: Git, found: Found) -> None:
    lines = [b"0 %040d\t%s" % (0, path) for path in found.gone]
    lines += [f"{GITLINK} {UNREAD}\t".encode() + path for path in found.nested]
    if lines:
        await git.run("update-index", "-z", "--replace", "--index-info", stdin=_joined(lines))
    if found.present:
        add = ("update-index", "-z", "--add", "--remove", "--replace", "--stdin")
        told = await git.warnings(*add, stdin=_joined(found.present), seconds=SECONDS)
        if left_out := _LEFT_OUT.search(told):
            reason = f"`{left_out[1]}` is not a path that git takes"
            raise StageFailed("bad_path", reason, blocked=True)


def _sort(status: bytes, drop: Callable[[str], bool]) -> Found:
    found = Found()
    for code, path in _entries(status):
        if code == b"??":
            if not drop(os.fsdecode(path).rstrip("/")):
                (found.nested if path.endswith(b"/") else found.present).append(path.rstrip(b"/"))
        elif code[1:] == b"D":
            found.gone.append(path)
        elif code[1:] != b" ":
            found.present.append(path)
    return found


def _entries(status: bytes) -> Iterator[tuple[bytes, bytes]]:
    return ((line[:2], line[3:]) for line in status.split(b"\0") if line)


def _weigh(tree: Path, paths: Iterable[bytes]) -> None:
    """Refuse before reading: a sparse file of a terabyte costs its maker nothing."""
    total = 0
    for path in paths:
        found = os.lstat(os.path.join(os.fsencode(tree), path))
        total += found.st_size if stat.S_ISREG(found.st_mode) else 0
        if total > READ_LIMIT:
            raise StageFailed(
                "too_large",
                f"the work has more than {READ_LIMIT >> 20} MB; it was not kept"
                f" (`{os.fsdecode(path)}`)",
                blocked=True,
            )


def _joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\0" for line in lines)
