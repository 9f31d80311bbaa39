"""What a run makes in git: an object directory of its own, which borrows from the mirror.

Nothing of a run is written to the mirror, where every boxed git of the repository would see it.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.errors import GitError
from bot.worktree import bundles, changes
from bot.worktree.changes import Change
from bot.worktree.directory import ensure_directory, free_lock
from bot.worktree.git import Git
from bot.worktree.mirror import Mirrors
from bot.worktree.names import checked_sha

BUNDLE = "work.bundle"
_REGULAR = re.compile(rb"100\d{3} blob ([0-9a-f]+)\t")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom a commit names as author and committer."""

    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge came to."""

    tree: str
    conflicts: tuple[str, ...]
    """Paths where both sides changed the same; empty: it is clean."""


class Objects:
    """The objects of one run, whose directory is ``files``."""

    def __init__(self, files: Path, mirrors: Mirrors, repository_id: int) -> None:
        self.files = files
        self.mirrors = mirrors
        self.repository_id = repository_id
        self.git = Git(
            directory=ensure_directory(files / "git"),
            alternates=(mirrors.path(repository_id) / "objects",),
        )

    @property
    def path(self) -> Path:
        """The object directory itself."""
        return self.git.directory / "objects"

    @property
    def mirror(self) -> Path:
        return self.git.alternates[0]

    async def commit(
        self, tree: str, parents: Sequence[str], message: str, *, author: Identity, at: int
    ) -> str:
        """Write a commit; the same arguments give the same id."""
        stamp = f"@{at} +0000"
        who = {
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in (("NAME", author.name), ("EMAIL", author.email), ("DATE", stamp))
        }
        above = [word for parent in parents for word in ("-p", checked_sha(parent))]
        text = message.rstrip("\n") + "\n"
        command = ("commit-tree", checked_sha(tree), *above)
        return (await self.git.run(*command, stdin=text.encode(), environment=who)).decode().strip()

    async def tree(self, commit: str) -> str:
        return await self.git.text("rev-parse", "--verify", f"{checked_sha(commit)}^{{tree}}")

    async def authors(self, commit: str) -> tuple[str, str]:
        """Return a commit's author and committer, `Name <mail>` each."""
        said = await self.git.text(
            "show",
            "-s",
            "--no-show-signature",
            "--format=%an <%ae>%n%cn <%ce>",
            checked_sha(commit),
        )
        author, _, committer = said.partition("\n")
        return author, committer

    async def is_ancestor(self, old: str, new: str) -> bool:
        """Say whether ``new`` grows out of ``old``."""
        left = await self.git.text(
            "rev-list", "--max-count=1", checked_sha(old), f"^{checked_sha(new)}"
        )
        return not left

    async def changes(self, old: str, new: str) -> list[Change]:
        """List what differs between two commits or trees, in git's order; no renames."""
        return await changes.listing(self.git, old, new)

    async def numstat(self, old: str, new: str) -> dict[str, tuple[int, int] | None]:
        """Count added and removed lines by path; None: binary."""
        return await changes.numstat(self.git, old, new)

    async def added(self, old: str, new: str) -> dict[str, bytes]:
        """Return the added lines by path, each with its end of line; binary files too."""
        return await changes.added(self.git, old, new)

    async def diff(self, old: str, new: str) -> str:
        """Return the difference as people read it; bytes that are not UTF-8 are replaced."""
        return (await changes.patch(self.git, old, new, binary=False)).decode(errors="replace")

    async def sections(self, old: str, new: str) -> list[tuple[str, str]]:
        """Return the difference by file, as (path, its part), with renames as GitHub has them."""
        return await changes.sections(self.git, old, new)

    async def merge_base(self, one: str, other: str) -> str | None:
        """Name the commit that both grew out of; None: they have nothing in common."""
        code, said = await self.git.answer("merge-base", checked_sha(one), checked_sha(other))
        return None if code else said.decode().split()[0]

    async def sizes(self, shas: Sequence[str]) -> dict[str, int]:
        """Return the sizes of blobs; a commit of another repository (gitlink) has none."""
        return await changes.sizes(self.git, shas)

    async def blobs(self, shas: Sequence[str], limit: int) -> dict[str, bytes]:
        """Read the blobs of at most ``limit`` bytes each; the others are left out."""
        return await changes.blobs(self.git, shas, limit)

    async def blob(self, sha: str, limit: int) -> bytes:
        """Read one blob, its first ``limit`` bytes."""
        return (await self.git.run("cat-file", "blob", checked_sha(sha)))[:limit]

    async def file(self, commit: str, path: str) -> bytes | None:
        """Read a regular file of a commit; None: there is none (a link is none)."""
        found = await self.git.run("ls-tree", "-z", checked_sha(commit), "--", f":(literal){path}")
        blob = _REGULAR.match(found)
        return await self.git.run("cat-file", "blob", blob[1].decode()) if blob else None

    async def paths(self, commit: str) -> list[str]:
        """List every path of a commit or tree, in git's order."""
        raw = await self.git.run("ls-tree", "-r", "-z", "--name-only", checked_sha(commit))
        return [os.fsdecode(path) for path in raw.split(b"\0") if path]

    async def filtered(self, commit: str, paths: Sequence[str], name: str) -> set[str]:
        """Tell which of these paths have a filter of that name by the attributes of a commit."""
        index = self.files / "attributes.index"
        index.unlink(missing_ok=True)
        free_lock(index)
        git = replace(self.git, index=index)
        try:
            await git.run("read-tree", checked_sha(commit))  # git before 2.40 asks no tree
            asked = b"".join(os.fsencode(path) + b"\0" for path in paths)
            said = await git.run("check-attr", "--cached", "-z", "--stdin", "filter", stdin=asked)
        finally:
            index.unlink(missing_ok=True)
        fields = said.split(b"\0")
        answers = zip(fields[::3], fields[2::3], strict=False)
        return {os.fsdecode(path) for path, value in answers if value == name.encode()}

    async def patch(
        self, base: str, commit: str, *, mbox: bool = False, merged: str | None = None
    ) -> bytes:
        """Return the work as one diff, or as mails that `git am` takes; nothing binary is lost.

        ``merged``: what was merged into ``base`` first; then it is the resolution alone.
        """
        if mbox:
            return await changes.mails(self.git, base, commit)
        if merged is not None:
            base = await self.before_resolving(base, merged)
        return await changes.patch(self.git, base, commit, binary=True)

    async def kept_patch(
        self, base: str, commit: str, *, mbox: bool = False, merged: str | None = None
    ) -> bytes:
        """The same, from the kept bundle where the objects themselves are gone."""
        if not await self.has(commit):
            commit = await self.restore()
        return await self.patch(base, commit, mbox=mbox, merged=merged)

    async def bundle(self, base: str, commit: str) -> Path:
        """Keep what ``commit`` has over ``base`` as a file that survives; answers where."""
        return await bundles.save(self.git, self.files / BUNDLE, base, commit)

    async def merge(self, ours: str, theirs: str) -> "Merged":
        """Merge two commits without a worktree; conflicts stand in the tree between marks."""
        command = ("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z")
        code, said = await self.git.answer(*command, checked_sha(ours), checked_sha(theirs))
        tree, *paths = said.decode(errors="surrogateescape").split("\0")
        conflicts = tuple(path for path in paths if path) if code else ()
        return Merged(tree=tree.strip(), conflicts=conflicts)

    async def before_resolving(self, ours: str, theirs: str) -> str:
        """Return the tree of a merge with ours, or nothing, at every path that conflicts."""
        merged = await self.merge(ours, theirs)
        index = self.files / "before-resolving.index"
        index.unlink(missing_ok=True)
        free_lock(index)
        git = replace(self.git, index=index)
        try:
            await git.run("read-tree", checked_sha(merged.tree))
            for path in merged.conflicts:
                where = ("ls-tree", "-z", checked_sha(ours), "--", f":(literal){path}")
                entry = await git.run(*where) or f"0 {'0' * len(ours)}\t{path}\0".encode(
                    errors="surrogateescape"
                )
                await git.run("update-index", "-z", "--index-info", stdin=entry)
            return await git.text("write-tree")
        finally:
            index.unlink(missing_ok=True)

    async def with_files(self, commit: str, files: Mapping[str, bytes]) -> str:
        """Return the tree of a commit with other contents in regular files that it has."""
        index = self.files / "with-files.index"
        index.unlink(missing_ok=True)
        free_lock(index)
        git = replace(self.git, index=index)
        try:
            await git.run("read-tree", checked_sha(commit))
            for path, content in files.items():
                found = await git.text("ls-files", "-s", "-z", "--", f":(literal){path}")
                if not found.startswith("100"):
                    raise GitError("ls-files", 1, f"{path} is not a regular file")
                blob = (await git.run("hash-object", "-w", "--stdin", stdin=content)).decode()
                entry = f"{found[:6]} {blob.strip()}\t{path}\0".encode()
                await git.run("update-index", "-z", "--index-info", stdin=entry)
            return await git.text("write-tree")
        finally:
            index.unlink(missing_ok=True)

    async def authors_between(self, old: str, new: str) -> set[str]:
        """Collect the authors, `Name <mail>`, of the commits that ``new`` has over ``old``."""
        said = await self.git.text(
            "log",
            "--no-show-signature",
            "--format=%an <%ae>",
            checked_sha(new),
            f"^{checked_sha(old)}",
        )
        return set(said.splitlines())

    async def restore(self) -> str:
        """Take up the kept bundle, checked object by object; answers its commit.

        Raises GitError when it is broken or stands on a commit that the mirror does not have.
        """
        return await bundles.restore(self.git, self.files / BUNDLE)

    async def has(self, sha: str) -> bool:
        answer = await self.git.run(
            "cat-file", "--batch-check", stdin=f"{checked_sha(sha)}\n".encode()
        )
        return not answer.rstrip().endswith(b"missing")


class Works:
    """The runs' directories below ``root``, one `{run id}` each."""

    def __init__(self, root: Path, mirrors: Mirrors) -> None:
        self.root = root
        self.mirrors = mirrors

    def open(self, repository_id: int, run_id: str) -> Objects:
        """Open the objects of a run, made when there are none yet."""
        if not run_id.isalnum():
            raise ValueError(f"{run_id!r} is not the id of a run")
        return Objects(self.root / run_id, self.mirrors, repository_id)
