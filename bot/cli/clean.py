"""`coppice clean`: what is old and needed by nobody, shown first, removed when asked."""

import asyncio
import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bot.cli import operator, stored
from bot.cli.output import emit, moment, note, say, table
from bot.cli.progress import Progress
from bot.engine.cluster import lock
from bot.engine.durable.records import Flow, records
from bot.errors import OperatorError
from bot.settings import StoreSettings, load
from bot.store import audit
from bot.store.audit import Act
from bot.store.database import Database
from bot.store.keeping import retention
from bot.store.keeping.retention import What
from bot.worktree.sweep import discard

SHORTEST_DAYS = 7
"""GitHub may send a delivery of the last three days again: its row says that it came."""
_HEADER = ("what", "how many", "bytes")


@dataclass(slots=True)
class Files:
    """Folders that may go."""

    runs: list[Path] = field(default_factory=list)
    repositories: list[Path] = field(default_factory=list)
    """Mirrors and worktrees of repositories in which nothing happened since."""


@dataclass(slots=True, kw_only=True)
class Cleaning:
    settings: StoreSettings
    database: Database
    before: float
    files: Files = field(default_factory=Files)
    flows: list[Flow] = field(default_factory=list)

    async def look(self) -> list[dict[str, Any]]:
        """Find what would go."""
        due = await self.database.read(partial(retention.preview, before=self.before))
        ended = await self.database.read(partial(retention.ended_runs, before=self.before))
        used = await self.database.read(partial(retention.repositories, since=self.before))
        self.files = _files(self.settings.data_dir, set(ended), used.in_use, self.before)
        self.flows = await asyncio.to_thread(self._flows, set(ended))
        counted = [(each.what.value, each.rows, each.bytes) for each in due]
        counted += [
            ("records of the engine", len(self.flows), None),
            ("folders of runs", len(self.files.runs), _size(self.files.runs)),
            (
                "mirrors and worktrees",
                len(self.files.repositories),
                _size(self.files.repositories),
            ),
        ]
        return [{"what": what, "count": n, "bytes": size} for what, n, size in counted]

    async def remove(self, progress: Progress) -> None:
        """Remove it, bodies first; what came to life meanwhile stays."""
        for what in What:
            total = 0
            remove = partial(retention.remove, what=what, before=self.before)
            while done := await self.database.write(remove):
                total += done
                progress(f"{what}: {total:,}")
        progress("records of the engine")
        await asyncio.to_thread(self._forget)
        await self._remove_files(progress)

    async def _remove_files(self, progress: Progress) -> None:
        for path in self.files.runs:
            progress(f"files of run {path.name}")
            if await self.database.write(partial(retention.forget_work, run_id=path.name)):
                await asyncio.to_thread(discard, path)
        with _alone(self.settings.data_dir) as alone:
            for path in self.files.repositories if alone else ():
                await asyncio.to_thread(discard, path)
        if self.files.repositories and not alone:
            note("mirrors and worktrees stay while the service runs: stop it and clean again")

    def _flows(self, ended: set[str]) -> list[Flow]:
        with records(self._engine) as found:
            if found is None:
                return []
            before = datetime.fromtimestamp(self.before, UTC)
            return [flow for flow in found.ended_before(before) if flow.run_id in ended]

    def _forget(self) -> None:
        with records(self._engine) as found:
            if found is not None:
                found.forget(self.flows)

    @property
    def _engine(self) -> Path | str:
        settings = self.settings
        return settings.engine_file if settings.is_sqlite else settings.database_url


def run(older: str, *, yes: bool, as_json: bool) -> int:
    """Show what would go; with ``yes`` remove it."""
    before = time.time() - _days(older) * 86400
    found = asyncio.run(_clean(load(StoreSettings), before, yes=yes))
    if as_json:
        emit({"before": moment(before), "removed": yes, "items": found})
        return 0
    table(_HEADER, ([each["what"], f"{each['count']:,}", _bytes(each["bytes"])] for each in found))
    say(f"{'removed' if yes else 'would go'}: what is older than {moment(before)}")
    if not yes:
        note("this was a preview; --yes removes it. Runs, effects, costs and the audit log stay.")
    return 0


async def _clean(settings: StoreSettings, before: float, *, yes: bool) -> list[dict[str, Any]]:
    async with stored.opened() as database:
        cleaning = Cleaning(settings=settings, database=database, before=before)
        found = await cleaning.look()
        if yes:
            progress = Progress()
            try:
                await cleaning.remove(progress)
            finally:
                progress.close()
            counts = {each["what"]: each["count"] for each in found}
            entry = operator.entry(Act.CLEANED, before=moment(before), **counts)
            await database.write(lambda c: audit.record(c, entry))
    return found


def _files(data_dir: Path, ended: set[str], in_use: frozenset[int], before: float) -> Files:
    runs = [path for path in _folders(data_dir / "runs") if path.name in ended]
    idle = [
        path
        for path in (*_folders(data_dir / "mirrors"), *_folders(data_dir / "worktrees"))
        if (number := path.name.removesuffix(".git")).isdecimal()
        and int(number) not in in_use
        and path.stat().st_mtime < before
    ]
    return Files(runs, idle)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.is_dir() and not path.is_symlink())


def _size(folders: list[Path]) -> int:
    return sum(
        Path(root, name).lstat().st_size
        for folder in folders
        for root, _, names in os.walk(folder)
        for name in names
    )


@contextmanager
def _alone(data_dir: Path) -> Iterator[bool]:
    """Hold the data directory, if no service has it."""
    with ExitStack() as stack:
        try:
            stack.enter_context(lock.hold(data_dir))
        except OperatorError:
            yield False
        else:
            yield True


def _days(text: str) -> int:
    found = re.fullmatch(r"(\d{1,5})d", text)
    if found is None or int(found[1]) < SHORTEST_DAYS:
        raise OperatorError(f"--older takes days, {SHORTEST_DAYS}d or more: 90d")
    return int(found[1])


def _bytes(size: int | None) -> str:
    return "" if size is None else f"{size:,}"
