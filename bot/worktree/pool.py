"""The pool of warm worktrees: a slot is taken, brought to a commit and given back.

A slot is free unless this process has it: one process uses a data directory, so after a crash all
are. Slots have git directories of their own, so that taking them needs no lock on the mirror.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.errors import GitError
from bot.worktree.completion import completed, to_the_end
from bot.worktree.objects import Works
from bot.worktree.slot import Slot
from bot.worktree.sweep import discard
from bot.worktree.worktree import Worktree

SLOTS = 8


class Worktrees:
    """At most ``slots`` worktrees on disk, in use or warm, `{repository id}/{number}` each."""

    def __init__(self, root: Path, works: Works, *, slots: int = SLOTS) -> None:
        self._root = root
        self._works = works
        self._slots = slots
        self._taken: set[Path] = set()
        self._tidy: set[Path] = set()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def take(
        self, repository_id: int, commit: str | None, run_id: str
    ) -> AsyncIterator[Worktree]:
        """Take a worktree with exactly ``commit`` in it; wait while all are in use.

        Without a commit nothing is done to it until ``reset``, which has to come first then.
        """
        slot = await self._lease(repository_id)
        objects = self._works.open(repository_id, run_id)
        worktree = Worktree(slot, objects, tidy=slot.path in self._tidy)
        try:
            if commit is not None:
                await worktree.reset(commit)
            yield worktree
        finally:
            await completed(self._give_back(slot, worktree))

    async def _lease(self, repository_id: int) -> Slot:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._taken) < self._slots)
            slot = Slot(self._warmest(repository_id) or self._unused(repository_id))
            self._taken.add(slot.path)
            await self._make_room(slot)
            slot.prepare()
            slot.touch()
            return slot

    async def _give_back(self, slot: Slot, worktree: Worktree) -> None:
        """Clean up now, so that nothing of the run lies about and the next one waits less."""
        self._tidy.discard(slot.path)
        with contextlib.suppress(GitError, OSError, RecursionError):  # the next one starts anew
            await worktree.clear()
        if worktree.tidy:
            self._tidy.add(slot.path)
        async with self._changed:
            self._taken.discard(slot.path)
            self._changed.notify()

    def _warmest(self, repository_id: int) -> Path | None:
        """Return the free slot of this repository that was used last."""
        free = [path for path in self._free() if path.parent.name == str(repository_id)]
        return free[-1] if free else None

    def _unused(self, repository_id: int) -> Path:
        folder = self._root / str(repository_id)
        numbers = (folder / str(number) for number in range(self._slots))
        return next(path for path in numbers if path not in self._taken)

    def _free(self) -> list[Path]:
        """List the slots on disk that nobody has, least recently used first."""
        paths = (path for path in self._root.glob("*/*") if path not in self._taken)
        return sorted(paths, key=lambda path: path.stat().st_mtime_ns)

    async def _make_room(self, slot: Slot) -> None:
        free = [path for path in self._free() if path != slot.path]
        for path in free[: max(0, len(self._taken) + len(free) - self._slots)]:
            self._tidy.discard(path)
            await to_the_end(discard, path)
