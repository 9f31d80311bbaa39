"""Rid a tree of what git does not see: nested git directories, pipes, sockets, closed directories.

`git clean` passes over all of these, so that one run could leave them to the next. Links are never
followed. Slow or hostile trees are thrown away whole, by `chmod` and `rm`.
"""

import os
import shutil
import stat
import subprocess
from pathlib import Path
from subprocess import DEVNULL

from bot.worktree import patterns

OPEN = stat.S_IRWXU


def sweep(tree: Path) -> None:
    """Remove every `.git` below the root and everything that is no file, directory or link."""
    pending = [str(tree)]
    while pending:
        folder = pending.pop()
        for entry in _entries(folder):
            if entry.name == ".git" and folder != str(tree):
                remove(entry)
            elif entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            elif not entry.is_symlink() and not entry.is_file(follow_symlinks=False):
                os.unlink(entry.path)


def open_up(tree: Path) -> None:
    """Give the owner back the right to read and write everything; links are left alone.

    Raises StageFailed where files of patterns would keep git busy without end.
    """
    pending, rules, deepest = [(str(tree), 1)], [], 1
    while pending:
        folder, depth = pending.pop()
        deepest = max(deepest, depth)
        for entry in _entries(folder):
            if entry.is_dir(follow_symlinks=False):
                pending.append((entry.path, depth + 1))
            elif entry.is_file(follow_symlinks=False):
                os.chmod(entry.path, entry.stat(follow_symlinks=False).st_mode | 0o600)
                if entry.name in patterns.NAMES:
                    rules.append(entry.path)
    patterns.check(rules, deepest)


def remove(entry: "os.DirEntry[str]") -> None:
    if entry.is_dir(follow_symlinks=False):
        shutil.rmtree(entry.path)
    else:
        os.unlink(entry.path)


def discard(path: Path) -> None:
    """Remove a tree whatever its modes and depth; links in it are removed, not followed."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    if path.exists():
        for command in (("chmod", "-R", "u+rwX"), ("rm", "-rf")):
            subprocess.run((*command, "--", path), stdin=DEVNULL, stderr=DEVNULL, check=False)
    if path.exists():
        raise OSError(f"{path} cannot be removed")


def _entries(folder: str) -> list["os.DirEntry[str]"]:
    mode = os.lstat(folder).st_mode
    if mode & OPEN != OPEN:
        os.chmod(folder, stat.S_IMODE(mode) | OPEN)
    with os.scandir(folder) as found:
        return list(found)
