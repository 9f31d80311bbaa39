"""One slot of the pool: a tree, the git directory that rules it, and what the box sees of both.

tree/           the working files; `/tree` in the box
git/            the real index and HEAD; never in the box
box/git/        the throwaway git directory; `/git` in the box
box/objects/    links to the object directories, for boxes that cannot mount
box/pointer     what covers `/tree/.git`
"""

import os
import shutil
from pathlib import Path

from bot.box.mount import GIT, TREE, Mount
from bot.worktree.completion import to_the_end
from bot.worktree.directory import ensure_directory, free_locks
from bot.worktree.git import Git
from bot.worktree.objects import Objects
from bot.worktree.sweep import discard

POINTER = f"gitdir: {GIT}\n"
MIRROR = "/mirror/objects"
OWN = "/own/objects"

# A box maps user ids, so only sizes and times are compared; nothing outside reads this file.
CONFIG = """[core]
\trepositoryformatversion = 0
\tbare = false
\tcheckStat = minimal
[user]
\tname = agent
\temail = agent@box.invalid
[advice]
\tdetachedHead = false
"""


class Slot:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = path / "tree"
        self.git = path / "git"
        self.box = path / "box"

    def git_for(self, objects: Objects) -> Git:
        """git on this tree, which reads what the run may read and writes to the run's objects."""
        return Git(
            directory=self.git,
            work_tree=self.tree,
            objects=objects.path,
            alternates=(objects.mirror,),
        )

    def mounts(self, objects: Objects) -> tuple[Mount, ...]:
        return (
            Mount(source=self.tree, target=TREE, writable=True),
            Mount(source=self.box / "pointer", target=f"{TREE}/.git"),
            Mount(source=self.box / "git", target=GIT, writable=True),
            Mount(source=objects.mirror, target=MIRROR),
            Mount(source=objects.path, target=OWN),
        )

    def prepare(self) -> None:
        """Make what is missing, a deleted tree too; a link in its place is not followed."""
        self.path.mkdir(parents=True, exist_ok=True)
        ensure_directory(self.git)
        free_locks(self.git)
        if self.tree.is_symlink() or not self.tree.is_dir():
            self.tree.unlink(missing_ok=True)
        self.tree.mkdir(exist_ok=True)

    def point(self) -> None:
        """Have the tree's `.git` name a path that exists in the box only."""
        pointer = self.tree / ".git"
        if pointer.is_symlink() or not pointer.is_file() or pointer.read_text() != POINTER:
            if pointer.is_dir() and not pointer.is_symlink():
                shutil.rmtree(pointer)
            pointer.unlink(missing_ok=True)
            pointer.write_text(POINTER)

    def throw_away(self) -> None:
        """Remove the throwaway git directory with all that was committed to it."""
        shutil.rmtree(self.box, ignore_errors=True)

    def furnish(self, commit: str, objects: Objects) -> None:
        """Make the throwaway git directory anew: on ``commit``, with a copy of the index."""
        self.throw_away()
        inner = self.box / "git"
        for part in (inner / "objects/info", inner / "refs/heads"):
            part.mkdir(parents=True)
        (inner / "objects/info/alternates").write_text(f"../..{MIRROR}\n../..{OWN}\n")
        for shown, source in ((MIRROR, objects.mirror), (OWN, objects.path)):
            link = self.box / shown.removeprefix("/")
            link.parent.mkdir()
            link.symlink_to(source.absolute())
        (inner / "config").write_text(CONFIG)
        (inner / "HEAD").write_text("ref: refs/heads/work\n")
        (inner / "refs/heads/work").write_text(f"{commit}\n")
        shutil.copy2(self.git / "index", inner / "index")
        (self.box / "pointer").write_text(POINTER)

    async def rebuild(self) -> None:
        """Throw away everything and begin anew: what lies here cannot be cleaned."""
        await to_the_end(discard, self.path)
        self.prepare()

    def touch(self) -> None:
        """Say that it was used just now."""
        os.utime(self.path)
