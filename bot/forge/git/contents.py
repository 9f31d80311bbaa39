"""Files by path: what the contents API reads and writes."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.forge.git.commits import Identity, NewCommit, create_commit, read_commit
from bot.forge.git.objects import (
    ObjectMissing,
    TreeEntry,
    create_blob,
    create_tree,
    read_objects,
    read_tree,
)
from bot.forge.git.refs import ZERO, read_ref, update_ref

SYMLINK, SUBMODULE, EXECUTABLE = "120000", "160000", "100755"


class ContentMoved(Exception):
    """The file is not at the sha that the caller gave (GitHub: 409)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file (with its bytes), a link, a submodule, or a directory with its entries."""

    path: str
    mode: str
    sha: str
    type: str
    """`blob`, `tree` or `commit`."""
    data: bytes = b""
    entries: tuple[TreeEntry, ...] = ()

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def link(self) -> bool:
        return self.mode == SYMLINK


async def read_path(repository: Path, revision: str, path: str) -> Entry:
    """Return what lies at ``path`` (`""`: the root) of a revision; raises ObjectMissing."""
    commit = await read_commit(repository, revision)
    where = path.strip("/")
    if "\n" in where or any(part in (".", "..") for part in where.split("/")):
        raise ObjectMissing(path)  # git would take them for places in its own directory
    if not where:
        sha, entries = await read_tree(repository, commit.tree)
        return Entry(path="", mode="040000", sha=sha, type="tree", entries=tuple(entries))
    parent = str(PurePosixPath(where).parent)
    treeish = commit.tree if parent == "." else await _subtree(repository, commit.tree, parent)
    name = PurePosixPath(where).name
    _, siblings = await read_tree(repository, treeish)
    for entry in siblings:
        if entry.path == name and entry.sha is not None:
            return await _load(repository, where, entry)
    raise ObjectMissing(path)


async def _subtree(repository: Path, tree: str, path: str) -> str:
    (found,) = await read_objects(repository, [f"{tree}:{path}"])
    if found is None or found[1] != "tree":
        raise ObjectMissing(path)
    return found[0]


async def _load(repository: Path, path: str, entry: TreeEntry) -> Entry:
    sha = str(entry.sha)
    if entry.type == "tree":
        _, entries = await read_tree(repository, sha)
        return Entry(path=path, mode=entry.mode, sha=sha, type="tree", entries=tuple(entries))
    if entry.type == "commit":
        return Entry(path=path, mode=entry.mode, sha=sha, type="commit")
    (found,) = await read_objects(repository, [sha])
    data = found[2] if found else b""
    return Entry(path=path, mode=entry.mode, sha=sha, type="blob", data=data)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWrite:
    """One file for the contents API; ``data`` None deletes it, ``sha`` is what it must be now."""

    branch: str
    path: str
    data: bytes | None
    sha: str | None
    message: str
    author: Identity
    committer: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    commit: str
    parent: str | None
    blob: str | None


async def prepare_file(repository: Path, write: FileWrite) -> Written:
    """Commit one file without moving the branch; raises ContentMoved, ObjectMissing, GitFailed."""
    parent = await read_ref(repository, f"refs/heads/{write.branch}")
    current = await _current(repository, parent, write.path)
    held = current.sha if current else None
    if held != write.sha or (current and current.type != "blob"):
        raise ContentMoved(write.path)
    if write.data is None and current is None:
        raise ObjectMissing(write.path)
    blob = None if write.data is None else await create_blob(repository, write.data)
    mode = current.mode if current else "100644"
    entry = TreeEntry(path=write.path, mode=mode, sha=blob)
    tree = await create_tree(repository, [entry], base=parent)
    new = NewCommit(
        tree=tree,
        parents=[parent] if parent else [],
        message=write.message,
        author=write.author,
        committer=write.committer,
    )
    commit = await create_commit(repository, new)
    return Written(commit=commit, parent=parent, blob=blob)


async def _current(repository: Path, commit: str | None, path: str) -> Entry | None:
    if commit is None:
        return None
    try:
        return await read_path(repository, commit, path)
    except ObjectMissing:
        return None


async def write_file(repository: Path, write: FileWrite) -> Written:
    """Commit one file on its branch; raises what prepare_file raises, and RefMoved."""
    written = await prepare_file(repository, write)
    ref = f"refs/heads/{write.branch}"
    await update_ref(repository, ref, written.commit, written.parent or ZERO)
    return written
