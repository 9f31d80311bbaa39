"""Branches and tags of a bare repository; every change is compare-and-swap."""

import re
from pathlib import Path

from bot.forge.git.process import GitFailed, attempt, git

ZERO = "0" * 40
_MOVED = re.compile("is at|reference already exists|unable to resolve reference")


class RefMoved(Exception):
    """The ref is not what the caller took it for; ``str()`` names it."""


async def create_repository(path: Path, default_branch: str = "main") -> None:
    await git(path, "init", "-q", "--bare", f"--initial-branch={default_branch}", str(path))


async def fork_repository(source: Path, target: Path) -> None:
    """Copy all branches and tags to a new bare repository."""
    options = ("-q", "--bare", "--no-hardlinks", "--no-local")
    await git(source, "clone", *options, str(source), str(target))


async def set_head(repository: Path, branch: str) -> None:
    """Make ``branch`` the default one."""
    await git(repository, "symbolic-ref", "HEAD", f"refs/heads/{branch}")


async def refs(repository: Path, *prefixes: str) -> dict[str, str]:
    """Return {full ref: sha}, sorted by name; a prefix ends at a slash (`refs/heads`)."""
    output = await git(repository, "for-each-ref", "--format=%(objectname) %(refname)", *prefixes)
    lines = output.decode().splitlines()
    return {name: sha for sha, _, name in (line.partition(" ") for line in lines)}


async def branches(repository: Path) -> dict[str, str]:
    """Return {branch: sha}."""
    found = await refs(repository, "refs/heads")
    return {name.removeprefix("refs/heads/"): sha for name, sha in found.items()}


async def read_ref(repository: Path, ref: str) -> str | None:
    """Return the sha of a full ref (`refs/heads/main`), None when there is none."""
    code, output, _ = await attempt(repository, "show-ref", "--verify", "--hash", "--", ref)
    return output.decode().strip() if code == 0 else None


async def create_ref(repository: Path, ref: str, sha: str) -> None:
    """Create a ref; raises RefMoved when it is there, GitFailed when name or object is bad."""
    await update_ref(repository, ref, sha, ZERO)


async def update_ref(repository: Path, ref: str, new: str, old: str | None = None) -> None:
    """Set a ref to ``new``, only if it still is ``old`` (ZERO: not there; None: whatever)."""
    await git(repository, "check-ref-format", ref)
    arguments = (ref, new) if old is None else (ref, new, old)
    code, _, stderr = await attempt(repository, "update-ref", *arguments)
    if code and (old is None or not _MOVED.search(stderr)):
        raise GitFailed("update-ref", code, stderr)
    if code:
        raise RefMoved(ref)


async def delete_ref(repository: Path, ref: str, old: str | None = None) -> None:
    """Take a ref away; raises RefMoved when it is not there or not ``old``."""
    current = await read_ref(repository, ref)
    if current is None or (old is not None and current != old):
        raise RefMoved(ref)
    code, _, _ = await attempt(repository, "update-ref", "-d", ref, current)
    if code:
        raise RefMoved(ref)


async def is_ancestor(repository: Path, older: str, newer: str) -> bool:
    """Say whether ``newer`` holds ``older``: a fast-forward."""
    code, _, _ = await attempt(repository, "merge-base", "--is-ancestor", older, newer)
    return code == 0
