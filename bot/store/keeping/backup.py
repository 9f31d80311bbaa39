"""Back an installation up while it runs: one file, of one moment, that `restore` takes up again.

Of PostgreSQL the copy is an SQLite file too: our tables in one snapshot, without the engine's. A
restore begins each waiting run again from our own record, at its gate.
"""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, func, select, text

from bot.errors import OperatorError
from bot.store import audit, tables
from bot.store.database import Connection, Database
from bot.store.keeping import archive, copying, snapshot
from bot.store.keeping.archive import Manifest, Writing
from bot.store.schema.migrate import revision
from bot.store.schema.version import HEAD
from bot.store.sqlite import SqliteFile

WORK = "work.bundle"
_OBJECTS = "git"
_HALF_WRITTEN = (".part", ".lock", ".new")

Progress = Callable[[str], None]
"""Hears what is being done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an installation keeps what is backed up."""

    runs: Path
    """The runs' directories."""
    engine_file: Path
    """Beside an SQLite database; it may be missing."""
    version: str


async def write(database: Database, place: Place, to: Path, progress: Progress) -> Manifest:
    """Write a backup. Raises OperatorError: damaged, no room, cannot be written."""
    folder = to.parent / f".{to.name}.d"
    discard(folder)
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise OperatorError(f"{to} cannot be written: {error.strerror}") from error
    staged = Staged(folder, progress)
    try:
        if database.file is None:
            await staged.copy_tables(database)
        return await asyncio.to_thread(_write, database.file, place, to, staged)
    finally:
        discard(folder)


def discard(folder: Path) -> None:
    """Remove what a backup or a restore that was killed has left."""
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Staged:
    """A folder for copies that go into the backup."""

    folder: Path
    progress: Progress

    @property
    def database(self) -> Path:
        return self.folder / archive.DATABASE

    def copy_files(self, ours: Path, engine: Path) -> Path | None:
        """Copy SQLite files of one moment; answer the copy of the engine's, if there is one."""
        engines = [engine] if engine.exists() else []
        snapshot.take(ours, engines, self.folder, self._tell_pages)
        if ours.name != archive.DATABASE:
            os.replace(self.folder / ours.name, self.database)
        return self.folder / engine.name if engines else None

    async def copy_tables(self, database: Database) -> None:
        """Copy our tables as they are at one moment into an SQLite file."""
        target = await Database.open(f"sqlite:///{self.database}")

        def copy(c: Connection) -> None:
            c.execution_options(isolation_level="REPEATABLE READ")
            with target.engine.connect().execution_options(write=True) as other, other.begin():
                copying.copy(c, other, self._tell_rows)

        try:
            await database.read(copy)
        finally:
            await target.close()

    def _tell_pages(self, done: int, of: int) -> None:
        self.progress(f"database: {done:,} of {of:,} pages")

    def _tell_rows(self, table: str, done: int) -> None:
        self.progress(f"{table}: {done:,} rows")


def _write(source: SqliteFile | None, place: Place, to: Path, staged: Staged) -> Manifest:
    engine_copy = staged.copy_files(source.path, place.engine_file) if source else None
    copied = create_engine(URL.create("sqlite", database=str(staged.database)))
    try:
        with archive.writing(to) as file:
            file.add(archive.DATABASE, staged.database)
            if engine_copy is not None:
                file.add(archive.ENGINE, engine_copy)
            _add_files(file, place.runs, _alive(copied), staged.progress)
            manifest = _manifest(copied, file, place, "sqlite" if source else "postgresql")
            file.finish(manifest)
    finally:
        copied.dispose()
    return manifest


def _manifest(copied: Engine, file: Writing, place: Place, database: str) -> Manifest:
    with copied.connect() as c:
        number, head = audit.head(c)
        counts = {
            table.name: c.execute(select(func.count()).select_from(table)).scalar_one()
            for table in copying.kept()
        }
        return Manifest.model_validate(
            {
                "version": place.version,
                "schema_revision": revision(c) or HEAD,
                "database": database,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "audit_head": f"{number}:{head}",
                "rows": counts,
                "members": file.members,
            }
        )


def _alive(copied: Engine) -> set[str]:
    """Name the runs whose own objects are needed: those of ended ones lie in their bundles."""
    with copied.connect() as c:
        query = select(tables.runs.c.id).where(text(tables.ALIVE))
        return {row.id for row in c.execute(query)}


def _add_files(file: Writing, runs: Path, alive: set[str], progress: Progress) -> None:
    folders = sorted(path for path in runs.glob("*") if path.is_dir() and path.name.isalnum())
    for n, folder in enumerate(folders, 1):
        progress(f"files of runs: {n:,} of {len(folders):,}")
        for path in _files(folder, objects=folder.name in alive):
            file.add(f"{archive.RUNS}{path.relative_to(runs)}", path)


def _files(folder: Path, *, objects: bool) -> Iterator[Path]:
    for root, names, files in os.walk(folder):
        if Path(root) == folder and not objects and (folder / WORK).exists():
            names[:] = [name for name in names if name != _OBJECTS]
        for name in sorted(files):
            path = Path(root, name)
            half = name.startswith("tmp_") or name.endswith(_HALF_WRITTEN)
            if not half and path.is_file() and not path.is_symlink():
                yield path
