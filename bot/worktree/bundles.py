"""Keep a run's commits as one file, and take them up again: what is not delivered is not lost."""

import os
from pathlib import Path

from bot.worktree.directory import free_lock
from bot.worktree.failures import Damaged
from bot.worktree.git import Git
from bot.worktree.names import checked_sha

KEPT = "refs/coppice/kept"
SECONDS = 600.0


async def save(git: Git, path: Path, base: str, commit: str) -> Path:
    """Write the bundle beside and rename it: there is always a whole one."""
    part = path.with_suffix(".part")
    free_lock(part)  # of a git that was killed
    _point(git, checked_sha(commit))
    revisions = f"{KEPT}\n^{checked_sha(base)}\n".encode()
    command = ("bundle", "create", "--quiet", "--version=2", str(part), "--stdin")
    await git.run(*command, stdin=revisions, seconds=SECONDS)
    _sync(part)
    os.replace(part, path)
    _sync(path.parent)
    return path


async def restore(git: Git, path: Path) -> str:
    """Check every object and link of the bundle while taking it in; answer its commit."""
    head, found, pack = _read(path).partition(b"\n\n")
    commits = [line for line in head.splitlines()[1:] if line.endswith(KEPT.encode())]
    if not head.startswith(b"# v2 git bundle\n") or not found or len(commits) != 1:
        raise Damaged("bundle", 128, "the kept work is not a bundle")
    index = ("index-pack", "--stdin", "--fix-thin", "--strict")
    await git.run(*index, stdin=pack, seconds=SECONDS)
    commit = checked_sha(commits[0].decode(errors="replace").split(" ")[0])
    _point(git, commit)
    return commit


def _point(git: Git, commit: str) -> None:
    """Set the one ref of a run's own git directory, where nobody else writes: no git for that."""
    ref = git.directory / KEPT
    ref.parent.mkdir(parents=True, exist_ok=True)
    new = ref.with_suffix(".new")
    new.write_text(f"{commit}\n")
    os.replace(new, ref)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise Damaged("bundle", 128, "there is no kept work") from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
