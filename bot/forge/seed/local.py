"""Copy somebody's own repository into the forge; theirs is only read."""

import re
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.forge.git import branches, delete_ref, set_head, update_ref
from bot.forge.git.process import attempt, git


class SeedRefused(Exception):
    """The directory or the commit is not what a forge can start from; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where work begins: a branch of the forge and the commit that it stands at."""

    branch: str
    commit: str


async def find_start(directory: Path, base: str) -> Start:
    """Resolve ``base`` in a repository; raises SeedRefused."""
    with _trusting() as variables:
        code, _, _ = await _in(directory, variables, "rev-parse", "--git-dir")
        if code:
            raise SeedRefused(f"{directory} is not a git repository")
        await _require_whole(directory, variables)
        ref = f"refs/heads/{base}"
        unknown, _, _ = await _in(
            directory, variables, "show-ref", "--verify", "--quiet", "--", ref
        )
        wanted = base if unknown else ref  # git itself would take a tag of that name first
        options = ("--verify", "--quiet", "--end-of-options", f"{wanted}^{{commit}}")
        code, sha, _ = await _in(directory, variables, "rev-parse", *options)
        if code:
            _, any_commit, _ = await _in(directory, variables, "rev-list", "-n1", "--all")
            why = f"{base} is not a commit of {directory}"
            raise SeedRefused(why if any_commit else f"{directory} has no commit yet")
    return Start(branch="main" if unknown else base, commit=sha.decode().strip())


async def checked_out(directory: Path) -> str:
    """Name the branch that is checked out, in a linked worktree too; `HEAD` where none is."""
    with _trusting() as variables:
        asked = ("symbolic-ref", "--quiet", "HEAD")
        _, ref, _ = await _in(directory, variables, *asked)
    return ref.decode().strip().removeprefix("refs/heads/") or "HEAD"


async def _require_whole(directory: Path, variables: dict[str, str]) -> None:
    """Refuse what GitHub could not hold: it has whole histories, in SHA-1."""
    _, shallow, _ = await _in(directory, variables, "rev-parse", "--is-shallow-repository")
    if shallow.strip() == b"true":
        mend = shlex.join(("git", "-C", str(directory), "fetch", "--unshallow"))
        raise SeedRefused(f"{directory} is a shallow clone; `{mend}` gets the rest of its history")
    _, partial, _ = await _in(
        directory, variables, "config", "--get-regexp", r"^remote\..*\.promisor$"
    )
    if partial:
        raise SeedRefused(f"{directory} is a partial clone: clone it again without --filter")
    _, form, _ = await _in(directory, variables, "rev-parse", "--show-object-format")
    if form.strip() == b"sha256":
        raise SeedRefused(f"{directory} has SHA-256 objects, which GitHub does not take")


async def copy_repository(directory: Path, target: Path, start: Start) -> None:
    """Clone it bare: of its branches the start alone, of its tags all; raises SeedRefused."""
    with _trusting() as variables:
        options = ("-q", "--bare", "--no-hardlinks", "--", str(directory), str(target))
        code, _, stderr = await attempt(target, "clone", *options, variables=variables)
    if code:
        raise SeedRefused(f"{directory} cannot be cloned: {stderr.strip()}")
    await update_ref(target, f"refs/heads/{start.branch}", start.commit)
    await set_head(target, start.branch)
    for branch in await branches(target):
        if branch != start.branch:
            await delete_ref(target, f"refs/heads/{branch}")
    await git(target, "remote", "remove", "origin")


def name_of(directory: Path) -> str:
    """Return a repository name that GitHub would allow."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", directory.resolve().name.removesuffix(".git")).strip(
        "-."
    )
    return name or "project"


@contextmanager
def _trusting() -> Iterator[dict[str, str]]:
    """Give variables under which git reads repositories of other owners, which is all it does."""
    with tempfile.NamedTemporaryFile("w", suffix=".gitconfig") as scratch:
        scratch.write("[safe]\n\tdirectory = *\n")
        scratch.flush()
        yield {"GIT_CONFIG_GLOBAL": scratch.name}


async def _in(
    directory: Path, variables: dict[str, str], *arguments: str
) -> tuple[int, bytes, str]:
    inside = directory if (directory / "objects").is_dir() else directory / ".git"
    return await attempt(inside, *arguments, variables=variables)
