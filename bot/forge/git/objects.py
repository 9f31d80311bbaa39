"""Blobs and trees of a bare repository, by plumbing: one history with the pushes.

What a full sha names never changes, so it is read once: each look costs a git process.
"""

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cachetools import LRUCache

from bot.forge.git.process import GitFailed, attempt, git

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
KEPT, KEPT_EACH = 64 << 20, 1 << 20
"""Bytes of objects kept in memory, all together and of one at most."""

Found = tuple[str, str, bytes]
_SHA = re.compile("[0-9a-f]{40}(?![0-9a-f])")
_objects: LRUCache[tuple[Path, str], Found] = LRUCache(KEPT, lambda found: 500 + len(found[2]))
_listings: LRUCache[tuple[Path, str, bool], list["TreeEntry"]] = LRUCache(512)


class ObjectMissing(Exception):
    """There is no such object, or it is of another kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEntry:
    """An entry of a tree; ``sha`` None in a new tree takes the path away."""

    path: str
    mode: str
    sha: str | None
    type: str = "blob"
    """`blob`, `tree` or `commit`."""
    size: int | None = None


async def create_blob(repository: Path, data: bytes) -> str:
    output = await git(repository, "hash-object", "-w", "--stdin", stdin=data)
    return output.decode().strip()


async def read_objects(
    repository: Path, names: Sequence[str], variables: Mapping[str, str] | None = None
) -> list[Found | None]:
    """Read (sha, type, data) for each name that git understands, None for a missing one."""
    if variables:
        return await _batch(repository, names, variables)
    known = {name: _objects.get((repository, name)) for name in names}
    unknown = [name for name, found in known.items() if found is None]
    for name, found in zip(unknown, await _batch(repository, unknown), strict=True):
        known[name] = found
        if found and _SHA.match(name) and len(found[2]) <= KEPT_EACH:
            _objects[repository, name] = found
    return [known[name] for name in names]


async def _batch(
    repository: Path, names: Sequence[str], variables: Mapping[str, str] | None = None
) -> list[Found | None]:
    if not names:
        return []
    request = "".join(f"{name}\n" for name in names).encode()
    output = await git(repository, "cat-file", "--batch", stdin=request, variables=variables)
    found: list[Found | None] = []
    at = 0
    for _ in names:
        end = output.index(b"\n", at)
        header = output[at:end].decode(errors="replace").rsplit(" ", 2)
        at = end + 1
        if len(header) < 3 or not header[2].isdigit():
            found.append(None)
            continue
        size = int(header[2])
        found.append((header[0], header[1], output[at : at + size]))
        at += size + 1
    return found


async def read_blob(repository: Path, sha: str) -> bytes:
    """Return a blob's bytes; raises ObjectMissing."""
    return await _read(repository, sha, "blob")


async def _read(repository: Path, sha: str, kind: str) -> bytes:
    if not sha or any(c.isspace() for c in sha):
        raise ObjectMissing(sha)
    (found,) = await read_objects(repository, [sha])
    if found is None or found[1] != kind:
        raise ObjectMissing(sha)
    return found[2]


async def resolve(repository: Path, revision: str, kind: str = "commit") -> str | None:
    """Return the sha that a branch, tag or sha stands for, None when there is none.

    A branch goes before a tag of the same name, as with GitHub's `ref` parameters.
    """
    if not revision or revision.startswith("-") or any(c in revision for c in " \n^~:?*[\\"):
        return None
    if kind == "commit" and (sha := _loose(repository, revision)):
        return sha
    names = [f"refs/heads/{revision}", f"refs/tags/{revision}", revision]
    request = "".join(f"{name}^{{{kind}}}\n" for name in names).encode()
    output = await git(repository, "cat-file", "--batch-check=%(objectname)", stdin=request)
    for line in output.decode(errors="replace").splitlines():
        if len(line) == 40 and " " not in line:
            return line
    return None


def _loose(repository: Path, branch: str) -> str | None:
    """Read where a branch is without git, as far as that is possible."""
    if not branch.isascii() or ".." in branch or branch.startswith("/"):
        return None
    try:
        sha = (repository / "refs/heads" / branch).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
    return sha if _SHA.fullmatch(sha) else None


async def read_tree(
    repository: Path, treeish: str, *, recursive: bool = False
) -> tuple[str, list[TreeEntry]]:
    """Return (sha, entries); raises ObjectMissing."""
    if known := _listings.get((repository, treeish, recursive)):
        return treeish, known
    sha = await resolve(repository, treeish, "tree")
    if sha is None:
        raise ObjectMissing(treeish)
    options = ["-r", "-t"] if recursive else []
    output = await git(repository, "ls-tree", "-l", "-z", "--full-tree", *options, sha)
    entries = [_entry(line) for line in output.decode(errors="replace").split("\0") if line]
    _listings[repository, sha, recursive] = entries
    return sha, entries


def _entry(line: str) -> TreeEntry:
    facts, path = line.split("\t", 1)
    mode, kind, sha, size = facts.split()
    known = int(size) if size.isdigit() else None
    return TreeEntry(path=path, mode=mode, type=kind, sha=sha, size=known)


async def create_tree(
    repository: Path, entries: Iterable[TreeEntry], base: str | None = None
) -> str:
    """Write a tree, laid over ``base`` if there is one.

    Raises ObjectMissing for the base, GitFailed for missing objects and paths that git refuses.
    """
    with tempfile.TemporaryDirectory() as scratch:
        variables = {"GIT_INDEX_FILE": f"{scratch}/index"}
        if base and (await attempt(repository, "read-tree", base, variables=variables))[0]:
            raise ObjectMissing(base)
        lines: list[str] = []
        for entry in entries:
            lines += await _index_lines(repository, entry, variables)
        stdin = "".join(f"{line}\0" for line in lines).encode()
        options = ("update-index", "-z", "--index-info")
        code, _, stderr = await attempt(repository, *options, stdin=stdin, variables=variables)
        if code or stderr:  # it only mutters about paths such as `../x`
            raise GitFailed("update-index", code, stderr)
        return (await git(repository, "write-tree", variables=variables)).decode().strip()


async def _index_lines(
    repository: Path, entry: TreeEntry, variables: Mapping[str, str]
) -> list[str]:
    if entry.sha is None:
        return [f"0 {'0' * 40}\t{entry.path}"]
    if entry.type != "tree":
        return [f"{entry.mode} {entry.sha}\t{entry.path}"]
    where = entry.path.rstrip("/")
    options = ("ls-files", "-z", "--", f":(literal,top){where}")
    known = (await git(repository, *options, variables=variables)).decode().split("\0")
    _, inside = await read_tree(repository, entry.sha, recursive=True)
    gone = [f"0 {'0' * 40}\t{path}" for path in known if path]
    return gone + [f"{e.mode} {e.sha}\t{where}/{e.path}" for e in inside if e.type != "tree"]


async def require(repository: Path, kinds: Mapping[str, str]) -> None:
    """Raise ObjectMissing unless each sha is there and of its kind."""
    request = "".join(f"{sha}\n" for sha in kinds).encode()
    output = await git(repository, "cat-file", "--batch-check=%(objecttype)", stdin=request)
    for (sha, kind), found in zip(kinds.items(), output.decode().splitlines(), strict=True):
        if found != kind:
            raise ObjectMissing(sha)
