"""What lies between two commits: commits, files with patches, and whether they merge."""

import re
from dataclasses import dataclass
from pathlib import Path

from bot.forge.git.commits import Commit, read_commits
from bot.forge.git.objects import EMPTY_TREE, ObjectMissing, resolve
from bot.forge.git.process import GitFailed, attempt, git

STATUS = {"A": "added", "D": "removed", "M": "modified", "T": "changed", "R": "renamed"}
PATCH_LIMIT = 1_000_000
"""Longer patches of one file are left out, as GitHub does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file of a diff, with GitHub's words for it."""

    filename: str
    status: str
    sha: str | None
    """The blob after the change; None when it was removed."""
    additions: int
    deletions: int
    patch: str | None
    """Hunks only; None for binary files and very long patches."""
    previous_filename: str | None = None
    binary: bool = False

    @property
    def changes(self) -> int:
        return self.additions + self.deletions


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """``head`` against ``base``, from their merge base, oldest commit first."""

    base: Commit
    merge_base: Commit
    ahead: tuple[Commit, ...]
    behind: int
    files: tuple[FileChange, ...]

    @property
    def status(self) -> str:
        if self.ahead and self.behind:
            return "diverged"
        if self.ahead:
            return "ahead"
        return "behind" if self.behind else "identical"


async def merge_base(repository: Path, one: str, other: str) -> str | None:
    """Return the best common ancestor; None when the histories have none."""
    code, output, _ = await attempt(repository, "merge-base", one, other)
    return output.decode().strip() if code == 0 else None


async def compare(repository: Path, base: str, head: str) -> Comparison:
    """Compare two revisions as `base...head`; raises ObjectMissing."""
    start, end = await resolve(repository, base), await resolve(repository, head)
    if start is None or end is None:
        raise ObjectMissing(base if start is None else head)
    common = await merge_base(repository, start, end)
    if common is None:
        raise ObjectMissing(f"common ancestor of {base} and {head}")
    ahead, behind = await _sides(repository, start, end)
    commits = await read_commits(repository, [start, common, *ahead])
    files = await diff_files(repository, common, end)
    return Comparison(
        base=commits[0],
        merge_base=commits[1],
        ahead=tuple(commits[2:]),
        behind=behind,
        files=tuple(files),
    )


async def _sides(repository: Path, base: str, head: str) -> tuple[list[str], int]:
    options = ("--left-right", "--reverse", "--topo-order", f"{base}...{head}")
    lines = (await git(repository, "rev-list", *options)).decode().split()
    ahead = [line[1:] for line in lines if line.startswith(">")]
    return ahead, len(lines) - len(ahead)


async def commits_between(repository: Path, base: str, head: str) -> list[Commit]:
    """Return the commits of `base..head`, oldest first."""
    options = ("--reverse", "--topo-order", f"{base}..{head}")
    return await read_commits(
        repository, (await git(repository, "rev-list", *options)).decode().split()
    )


async def diff_files(repository: Path, old: str | None, new: str) -> list[FileChange]:
    """Return what changed from ``old`` (None: nothing) to ``new``, tree against tree."""
    options = ("--raw", "--numstat", "-p", "-z", "--no-abbrev", "-M", "--no-ext-diff")
    output = await git(repository, "diff-tree", "-r", *options, old or EMPTY_TREE, new)
    return _files(output.decode(errors="replace"))


async def diff_text(repository: Path, old: str | None, new: str) -> str:
    """Return the whole diff as `git diff` prints it."""
    options = ("-r", "-p", "-M", "--full-index", "--no-ext-diff", old or EMPTY_TREE, new)
    return (await git(repository, "diff-tree", *options)).decode(errors="replace")


async def patch_text(repository: Path, base: str, head: str) -> str:
    """Return `base..head` as mails, fit for `git am`."""
    return (await git(repository, "format-patch", "--stdout", f"{base}..{head}")).decode(
        errors="replace"
    )


def _files(output: str) -> list[FileChange]:
    raw, counts, patches = _split(output)
    found = []
    for (status, sha, previous, path), (added, deleted) in zip(raw, counts, strict=True):
        sections = [patches.pop(0) for _ in range(2 if status == "T" else 1) if patches]
        hunks = "\n".join(filter(None, map(_hunks, sections)))
        found.append(
            FileChange(
                filename=path,
                status=STATUS.get(status, "modified"),
                sha=None if status == "D" else sha,
                additions=int(added) if added != "-" else 0,
                deletions=int(deleted) if deleted != "-" else 0,
                patch=hunks if hunks and len(hunks) < PATCH_LIMIT else None,
                previous_filename=previous,
                binary=added == "-",
            )
        )
    return found


Raw = tuple[str, str, str | None, str]


def _split(output: str) -> tuple[list[Raw], list[tuple[str, str]], list[str]]:
    """Cut `--raw --numstat -p -z` into its three parts; only the patch is not NUL-separated."""
    raw: list[Raw] = []
    counts: list[tuple[str, str]] = []
    rest = output
    while rest.startswith(":"):
        facts, rest = rest.split("\0", 1)
        _, _, _, sha, status = facts.split(" ")
        one, rest = rest.split("\0", 1)
        other = None
        if status[0] in "RC":
            other, rest = rest.split("\0", 1)
        raw.append((status[0], sha, one if other else None, other or one))
    for _ in raw:
        fact, rest = rest.split("\0", 1)
        added, deleted, path = fact.split("\t", 2)
        if not path:
            _, _, rest = rest.split("\0", 2)
        counts.append((added, deleted))
    return raw, counts, re.split(r"(?m)^(?=diff --git )", rest.lstrip("\0"))[1:]


def _hunks(section: str) -> str:
    at = section.find("\n@@ ")
    return section[at + 1 :].removesuffix("\n") if at >= 0 else ""


async def mergeable(repository: Path, base: str, head: str) -> bool:
    """Say whether ``head`` merges into ``base`` without conflict."""
    code, _, stderr = await attempt(repository, "merge-tree", "--write-tree", base, head)
    if code > 1:
        raise GitFailed("merge-tree", code, stderr)
    return code == 0
