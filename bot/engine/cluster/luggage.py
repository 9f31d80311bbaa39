"""What a run takes along to another machine: the files of its folder, through the database.

The folder's own files are small but for the bundle of its work; logs and worktrees stay behind.
The database has the last word: whoever changes a file puts it there before the run's row says so.
"""

import asyncio
import hashlib
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from cachetools import LRUCache

from bot.errors import GitError
from bot.runs import Run
from bot.store.cluster import run_files
from bot.store.database import Connection, Database
from bot.worktree import BUNDLE, Works

Bring = Callable[[Run], Awaitable[None]]
"""Fetches into the mirror what a run stands on."""
MOST_KNOWN = 1000
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_LEFT_BEHIND = (".part", ".index", ".lock")
_Stamp = tuple[int, int]
"""Time and size of a file when it was last looked at."""


@dataclass(slots=True)
class _Known:
    """What of a run is the same here and in the database."""

    digests: dict[str, str] = field(default_factory=dict)
    stamps: dict[str, _Stamp] = field(default_factory=dict)
    grounded: tuple[str, ...] = ()
    """Commits that are known to be in the mirror."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True, kw_only=True)
class Luggage:
    database: Database
    works: Works
    bring: Bring
    _runs: LRUCache[str, _Known] = field(default_factory=lambda: LRUCache(MOST_KNOWN))

    async def pack(self, run_id: str) -> None:
        """Put into the database what has changed in the run's folder.

        When this returns it is there, whoever else was putting it there meanwhile.
        """
        known = self._runs.setdefault(run_id, _Known())
        async with known.turn:
            for name, (stamp, data) in _changed(self.works.root / run_id, known).items():
                digest = hashlib.sha256(data).hexdigest()
                if known.digests.get(name) != digest:
                    await self.database.write(_put(run_id, name, digest, data))
                    known.digests[name] = digest
                known.stamps[name] = stamp

    async def keep(self, run: Run, commit: str | None) -> None:
        """The same, with a commit of the run's that lies in no bundle yet."""
        base = run.work.base_sha or run.work.ground
        if commit and base and commit != base:
            await self.works.open(run.repository.id, run.id).bundle(base, commit)
        await self.pack(run.id)

    async def unpack(self, run: Run) -> None:
        """Bring the run's folder to what the database has, and the mirror to what it stands on."""
        known = self._runs.setdefault(run.id, _Known())
        async with known.turn:
            await self._unpack(run, known)

    async def _unpack(self, run: Run, known: _Known) -> None:
        there = await self.database.read(lambda c: run_files.digests(c, run.id))
        stale = [name for name, digest in there.items() if known.digests.get(name) != digest]
        await self._ground(run, known)
        for name in sorted(stale):
            data = await self.database.read(_get(run.id, name))
            if data is not None:
                self._write(run.id, name, data, known)
                known.digests[name] = there[name]
        if BUNDLE in stale:
            await self.works.open(run.repository.id, run.id).restore()

    def _write(self, run_id: str, name: str, data: bytes, known: _Known) -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a file")
        path = self.works.root / run_id / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{name}.part")
        part.write_bytes(data)
        part.replace(path)
        known.stamps[name] = _stamp(path)

    async def _ground(self, run: Run, known: _Known) -> None:
        """Have the commits that the run's own grow out of in the mirror."""
        visit = run.work.visit
        stands_on = [run.work.base_sha, visit.head_sha if visit else None]
        wanted = tuple(sha for sha in stands_on if sha is not None)
        if not wanted or known.grounded == wanted:
            return
        objects = self.works.open(run.repository.id, run.id)
        try:
            there = all([await objects.has(sha) for sha in wanted])
        except GitError:  # a mirror that is not there yet
            there = False
        if not there:
            await self.bring(run)
        known.grounded = wanted


def _changed(folder: Path, known: _Known) -> dict[str, tuple[_Stamp, bytes]]:
    """Read the files that are otherwise than when they were last looked at."""
    found = {}
    for entry in os.scandir(folder) if folder.is_dir() else ():
        if not entry.is_file(follow_symlinks=False) or entry.name.endswith(_LEFT_BEHIND):
            continue
        path = folder / entry.name
        stamp = _stamp(path)
        if known.stamps.get(entry.name) != stamp:
            found[entry.name] = stamp, path.read_bytes()
    return found


def _stamp(path: Path) -> _Stamp:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


def _put(run_id: str, name: str, digest: str, data: bytes) -> Callable[[Connection], None]:
    return lambda c: run_files.put(c, run_id, name, digest, data)


def _get(run_id: str, name: str) -> Callable[[Connection], bytes | None]:
    return lambda c: run_files.get(c, run_id, name)
