"""A worktree that a run has: put on a commit, shown to a box, read when the box is gone."""

from collections.abc import Callable
from pathlib import Path

from bot.box.mount import Mount
from bot.errors import GitError
from bot.worktree.capture import capture
from bot.worktree.completion import to_the_end
from bot.worktree.failures import Damaged
from bot.worktree.names import checked_sha
from bot.worktree.objects import Objects
from bot.worktree.patterns import check_commit
from bot.worktree.slot import Slot
from bot.worktree.sweep import sweep

SECONDS = 900.0


class Worktree:
    """Files at ``path``; nothing but a box works in them while the run has it."""

    def __init__(self, slot: Slot, objects: Objects, *, tidy: bool = False) -> None:
        self._slot = slot
        self.tidy = tidy
        """Nothing lies there but what git put there."""
        self.commit: str | None = None
        """What it was put on last; None: not yet."""
        self.made_by: str | None = None
        """Names the command, and its commit, of which files lie there beside; None: of none."""
        self.objects = objects
        self._git = slot.git_for(objects)
        self.path: Path = slot.tree
        self.mounts: tuple[Mount, ...] = slot.mounts(objects)

    @property
    def git_directory(self) -> Path:
        """The throwaway git directory, for boxes that cannot mount it at its place."""
        return self._slot.box / "git"

    async def reset(self, commit: str) -> None:
        """Put exactly ``commit`` there; nothing else stays, no ignored file, no nested repository.

        A worktree that was deleted or cannot be cleaned is made anew. Raises Damaged when the
        commit or one of its objects is missing; the mirror's next fetch mends that; StageFailed
        where its attributes would keep git busy without end.
        """
        checked_sha(commit)
        self.made_by = None
        clean, self.tidy = self.tidy, False  # from now on somebody may work there
        try:
            if not clean:
                await self._clean()
            await self._restore(commit)
        except (GitError, OSError, RecursionError):
            await self._check(commit)
            await self._slot.rebuild()
            await self._restore_anew(commit)
        self.commit = commit

    async def lay(self, commit: str) -> None:
        """Put ``commit`` over what lies there: files that git does not track stay.

        For what `setup` made on another commit. Where that cannot be, nothing but it lies there.
        """
        checked_sha(commit)
        self.tidy = False
        try:
            await self._restore(commit)
        except (GitError, OSError, RecursionError):
            await self.reset(commit)
        self.commit = commit

    async def capture(self, *, drop: Callable[[str], bool]) -> str:
        """Write what lies there now as a tree, and answer it; the worktree stays as it is.

        Ignored files are left out, and untracked ones for which ``drop`` says so; a tracked file
        never. A nested repository is one entry of mode 160000, its content unread.
        """
        await to_the_end(self._slot.prepare)
        return await capture(self._slot, self.objects, drop)

    async def clear(self) -> None:
        """Take away everything that the run left: files, its own git directory."""
        if self.tidy or self.commit is None:
            return
        self._slot.throw_away()
        await self._clean()
        await self._git.run("reset", "--quiet", "--hard", seconds=SECONDS)
        self.tidy = True

    async def _clean(self) -> None:
        """Take away what git does not track, and what it does not even see."""
        await to_the_end(_mend, self._slot)
        await self._git.run("clean", "-ffdxq", seconds=SECONDS)

    async def _restore(self, commit: str) -> None:
        await check_commit(self._git, commit)
        await self._git.run("reset", "--quiet", "--hard", commit, seconds=SECONDS)
        self._slot.point()
        self._slot.furnish(commit, self.objects)

    async def _check(self, commit: str) -> None:
        if not await self.objects.has(commit):
            self._suspect()
            raise Damaged("reset", 128, f"there is no commit {commit} here")

    async def _restore_anew(self, commit: str) -> None:
        try:
            await self._clean()
            await self._restore(commit)
        except Damaged:
            self._suspect()
            raise

    def _suspect(self) -> None:
        self.objects.mirrors.suspect(self.objects.repository_id)


def _mend(slot: Slot) -> None:
    slot.prepare()
    sweep(slot.tree)
