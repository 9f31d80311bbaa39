"""Compare commits or trees, and read blobs: tree against tree, never an index or a worktree."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.worktree.git import Git
from bot.worktree.names import checked_sha

_COMPARE = ("diff-tree", "-r", "--no-renames", "--no-ext-diff", "--no-textconv", "--full-index")
_TREES = (*_COMPARE, "--ignore-submodules=none", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_NONE = "0" * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One path that differs; a link has mode 120000, a nested repository 160000."""

    path: str
    status: str
    """A added, D deleted, M modified, T another type."""
    old_mode: str | None
    new_mode: str | None
    old_sha: str | None
    new_sha: str | None


async def listing(git: Git, old: str, new: str) -> list[Change]:
    raw = await git.run(*_TREES, "--raw", "-z", *_both(old, new))
    return [_change(head, path) for head, path in _pairs(raw.split(b"\0"))]


async def numstat(git: Git, old: str, new: str) -> dict[str, tuple[int, int] | None]:
    raw = await git.run(*_TREES, "--numstat", "-z", *_both(old, new))
    counts = (line.split(b"\t", 2) for line in raw.split(b"\0") if line)
    return {
        os.fsdecode(path): None if plus == b"-" else (int(plus), int(minus))
        for plus, minus, path in counts
    }


async def patch(git: Git, old: str, new: str, *, binary: bool) -> bytes:
    form = ("--binary",) if binary else ()
    return await git.run(*_TREES, "-p", *form, *_both(old, new))


async def mails(git: Git, base: str, commit: str) -> bytes:
    form = ("--stdout", "--binary", "--full-index", "--no-renames", "--no-signature", "--no-color")
    both = (checked_sha(commit), f"^{checked_sha(base)}")
    return await git.run("format-patch", *form, "--no-ext-diff", "--no-textconv", *both)


async def added(git: Git, old: str, new: str) -> dict[str, bytes]:
    paths = [
        change.path
        for change in await listing(git, old, new)
        for _ in range(2 if change.status == "T" else 1)  # git shows it deleted, then added
    ]
    text = await git.run(*_TREES, "-p", "-U0", "--text", *_both(old, new))
    found: dict[str, bytes] = dict.fromkeys(paths, b"")
    for path, lines in zip(paths, _files(text), strict=True):
        found[path] += b"".join(lines)
    return found


async def sections(git: Git, old: str, new: str) -> list[tuple[str, str]]:
    """Give the difference by file, as (path, its part), renames found as GitHub finds them."""
    raw = await git.run(*_TREES, "-M", "--raw", "-z", *_both(old, new))
    text = await git.run(*_TREES, "-M", "-p", *_both(old, new))
    parts = (b"\n".join(lines).decode(errors="replace") for lines in _parts(text))
    return list(zip(_renamed(raw.split(b"\0")), parts, strict=True))


async def sizes(git: Git, shas: Sequence[str]) -> dict[str, int]:
    asked = "".join(f"{checked_sha(sha)}\n" for sha in shas).encode()
    lines = (await git.run("cat-file", "--batch-check", stdin=asked)).decode().splitlines()
    answers = (line.split(" ") for line in lines)
    return {words[0]: int(words[2]) for words in answers if words[1] == "blob"}


async def blobs(git: Git, shas: Sequence[str], limit: int) -> dict[str, bytes]:
    small = [sha for sha, size in (await sizes(git, shas)).items() if size <= limit]
    asked = "".join(f"{sha}\n" for sha in small).encode()
    told = await git.run("cat-file", "--batch", stdin=asked)
    found, at = {}, 0
    for sha in small:
        end = told.index(b"\n", at)
        start, size = end + 1, int(told[at:end].rsplit(b" ", 1)[1])
        found[sha] = told[start : start + size]
        at = start + size + 1
    return found


def _both(old: str, new: str) -> tuple[str, str]:
    return checked_sha(old), checked_sha(new)


def _pairs(fields: list[bytes]) -> Iterator[tuple[str, bytes]]:
    return ((head.decode(), path) for head, path in zip(fields[::2], fields[1::2], strict=False))


def _change(head: str, path: bytes) -> Change:
    old_mode, new_mode, old_sha, new_sha, status = head.removeprefix(":").split(" ")
    return Change(
        path=os.fsdecode(path),
        status=status,
        old_mode=None if old_mode == "000000" else old_mode,
        new_mode=None if new_mode == "000000" else new_mode,
        old_sha=None if old_sha == _NONE else old_sha,
        new_sha=None if new_sha == _NONE else new_sha,
    )


def _renamed(fields: list[bytes]) -> Iterator[str]:
    """Name the new path of each part of a difference in which renames were found."""
    left = iter(fields)
    for head in left:
        if not head:
            return
        status = head.rpartition(b" ")[2]
        path = next(left)
        if status[:1] in b"RC":
            path = next(left)
        for _ in range(2 if status == b"T" else 1):  # git shows it deleted, then added
            yield os.fsdecode(path)


def _parts(text: bytes) -> Iterator[list[bytes]]:
    """Cut a difference where a file begins; the hunks' own counts say what is a line of a file."""
    lines: list[bytes] | None = None
    minus = plus = 0
    for line in text.split(b"\n"):
        inside = minus > 0 or plus > 0
        if not inside and line.startswith(b"diff --git "):
            if lines is not None:
                yield lines
            lines = []
        if lines is not None:
            lines.append(line)
        if inside:
            minus -= line[:1] in b"- " and not line.startswith(b"\\")
            plus -= line[:1] in b"+ " and not line.startswith(b"\\")
        elif head := _HUNK.match(line):
            minus, plus = (1 if count is None else int(count) for count in head.groups())
    if lines is not None:
        yield lines


def _files(text: bytes) -> Iterator[list[bytes]]:
    """Give the added lines of each file; the hunks' own counts say what is a line of a file."""
    lines: list[bytes] | None = None
    minus = plus = 0
    for line in text.split(b"\n"):
        if lines is not None and plus and line.startswith(b"+"):
            plus -= 1
            lines.append(line[1:] + b"\n")
        elif minus and line.startswith(b"-"):
            minus -= 1
        elif line.startswith(b"diff --git "):
            if lines is not None:
                yield lines
            lines = []
        elif head := _HUNK.match(line):
            minus, plus = (1 if count is None else int(count) for count in head.groups())
    if lines is not None:
        yield lines
