"""Put a backup into an empty place: checked first as a whole, visible at once at the end."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, create_engine

from bot.errors import OperatorError
from bot.store import audit
from bot.store.audit import Entry
from bot.store.database import Connection, Database
from bot.store.keeping import archive, belongings, copying, snapshot
from bot.store.keeping.archive import Manifest
from bot.store.keeping.backup import Place, Progress, discard
from bot.store.schema import version as schema
from bot.store.sqlite import sqlite_path

_SIDES = ("-wal", "-shm", "-journal")


class NotEmpty(OperatorError):
    """There is something where the backup is to go."""


class Pinned(OperatorError):
    """The audit log of a backup is not what its manifest says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a backup goes."""

    url: str
    data_dir: Path
    place: Place


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did."""

    manifest: Manifest
    files: int
    """Of runs."""
    with_engine: bool
    """False: waiting runs begin again at their gate."""


async def restore(path: Path, target: Target, entry: Entry, progress: Progress) -> Restored:
    """Restore a backup; nobody may use the place meanwhile.

    Raises NotEmpty, NotABackup, Corrupt, and OperatorError for a newer version's backup.
    """
    manifest = archive.read_manifest(path)
    schema.refuse_newer(manifest.schema_revision)
    file = sqlite_path(target.url)
    folder = target.data_dir / ".restore"
    _clear_half(file, target.place, folder)
    _require_empty(file, target.place)
    folder.mkdir(mode=0o700, parents=True)
    try:
        progress("checking the backup")
        await asyncio.to_thread(_unpack, path, manifest, folder)
        database = await _bring_in(folder, file, target, progress)
        try:
            await database.write(lambda c: _note(c, manifest, entry))
        finally:
            await database.close()
    finally:
        discard(folder)
    files = sum(name.startswith(archive.RUNS) for name in manifest.members)
    with_engine = file is not None and archive.ENGINE in manifest.members
    return Restored(manifest, files, with_engine)


def _clear_half(file: Path | None, place: Place, folder: Path) -> None:
    """Remove what a restore has left that was killed before its database was there."""
    if file is not None and folder.exists() and not file.exists():
        place.engine_file.unlink(missing_ok=True)
    discard(folder)


def _require_empty(file: Path | None, place: Place) -> None:
    for path in filter(None, (file, file and place.engine_file)):
        if path.exists():
            raise NotEmpty(
                f"{path} is there already: restore into an empty COPPICE_DATA_DIR, or move"
                " everything in this one away first"
            )


def _unpack(path: Path, manifest: Manifest, folder: Path) -> None:
    archive.extract(path, manifest, folder)
    for name in (archive.DATABASE, archive.ENGINE):
        if name in manifest.members:
            snapshot.require_whole(folder / name, path)


async def _bring_in(
    folder: Path, file: Path | None, target: Target, progress: Progress
) -> Database:
    """Place the files, the database last: with it the restore has happened."""
    staged = folder / archive.DATABASE
    if file is None:
        database = await Database.open(target.url)
        try:
            await fill(staged, database, progress, files=folder / archive.RUNS)
        except BaseException:
            await database.close()
            raise
        return database
    _place_runs(folder, target)
    await _unpack_files(staged, target.place.runs)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (file, target.place.engine_file):
        _drop_logs(path)
    if (folder / archive.ENGINE).exists():
        os.replace(folder / archive.ENGINE, target.place.engine_file)
    os.replace(staged, file)
    _sync(file.parent)
    return await Database.open(target.url)


async def _unpack_files(staged: Path, runs: Path) -> None:
    """Of a backup from PostgreSQL: files of runs lie in a table there."""
    database = await Database.open(f"sqlite:///{staged}")
    try:
        await database.write(lambda c: belongings.into_files(c, runs))
    finally:
        await database.close()


async def fill(
    source: Path, database: Database, progress: Progress, files: Path
) -> dict[str, copying.Content]:
    """Copy our tables and files of runs into an empty database, in one transaction."""
    await (await Database.open(f"sqlite:///{source}")).close()  # brings it to this schema
    origin = create_engine(URL.create("sqlite", database=str(source)))

    def copy(c: Connection) -> dict[str, copying.Content]:
        if not copying.is_empty(c):
            raise NotEmpty("the database is not empty: name one in which nothing has run yet")
        with origin.connect() as other:
            done = copying.copy(other, c, lambda table, rows: progress(f"{table}: {rows:,} rows"))
        belongings.into_database(c, files)
        return done

    try:
        return await database.write(copy)
    finally:
        origin.dispose()


def _drop_logs(path: Path) -> None:
    """Remove the log of a file that is gone: SQLite would replay it into the new one."""
    for side in _SIDES:
        path.with_name(path.name + side).unlink(missing_ok=True)


def _place_runs(folder: Path, target: Target) -> None:
    runs = target.place.runs
    for staged in sorted((folder / archive.RUNS).glob("*")):
        runs.mkdir(mode=0o700, parents=True, exist_ok=True)
        discard(runs / staged.name)  # of a restore that was killed before its database was there
        os.replace(staged, runs / staged.name)


def _note(c: Connection, manifest: Manifest, entry: Entry) -> None:
    number, _, head = manifest.audit_head.partition(":")
    broken = audit.verify(c, (int(number), head) if int(number) else None)
    if broken is not None:
        raise Pinned(f"the audit log in the backup is broken: {broken.why}")
    audit.record(c, entry)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
