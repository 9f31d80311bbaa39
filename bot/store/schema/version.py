"""Which schema a database has; what is lean enough for the door, which never runs a migration."""

import asyncio
import re
import sqlite3
import sys
from pathlib import Path

from bot.errors import OperatorError
from bot.store.sqlite import SqliteFile, create_private, damage_named, sqlite_path

HEAD = "0007"
"""Revision that this version of Coppice works with: the newest under ``migrations/versions``."""
MOVED = "moved"
"""In the place of a revision: the installation of this SQLite file lives in PostgreSQL now."""


def refuse_newer(found: str | None) -> None:
    """Raise OperatorError when a newer version of Coppice made the schema, or it was moved."""
    if found == MOVED:
        raise OperatorError(
            "this SQLite database was moved to PostgreSQL by `coppice move`: set"
            " COPPICE_DATABASE_URL to postgresql://…, or restore a backup elsewhere"
        )
    if found is not None and not re.fullmatch(r"\d{4}", found):
        raise OperatorError(
            f"the database is at schema {found}, which is none of Coppice's: another program keeps"
            " its tables there. COPPICE_DATABASE_URL has to name a database of Coppice's own"
        )
    if found is not None and found > HEAD:
        raise OperatorError(
            f"the database is at schema {found}, this version of Coppice knows {HEAD}: "
            "it was made by a newer version; start that one, or restore a backup"
        )


def refuse_older(found: str) -> None:
    """Raise OperatorError for a database that is still to be migrated, which a look must not do."""
    if found < HEAD:
        raise OperatorError(
            f"the database is at schema {found}, this version of Coppice works with {HEAD}:"
            " `coppice migrate` brings it there, and so does the next start of the service"
        )


def found_at(url: str) -> str | None:
    """Say at which schema the database of a URL is, changing nothing; None: we made none there.

    Raises OperatorError where it cannot be read.
    """
    path = sqlite_path(url)
    if path is not None:
        return _revision(path) if path.exists() else None
    from bot.store.schema import postgres  # late: on SQLite nobody needs the driver

    return postgres.found_at(url)


async def prepare_any(url: str) -> SqliteFile | str:
    """Bring the database of a URL to this version's schema; answer where the journal is."""
    path = sqlite_path(url)
    if path is None:
        from bot.store.schema import postgres  # late: on SQLite nobody needs the driver

        await postgres.prepare(url)
        return url
    file = SqliteFile(path)
    await prepare(file)
    return file


async def prepare(file: SqliteFile) -> None:
    """Bring an SQLite file to this version's schema; where there is work, another process does it.

    For a process that is to stay small: migrating here would keep what it loads in memory.
    """
    create_private(file.path)
    found = await asyncio.to_thread(_revision, file.path)
    refuse_newer(found)
    if found != HEAD:
        await _migrate(file)


def _revision(path: Path) -> str | None:
    try:
        connection = sqlite3.connect(path)
    except sqlite3.OperationalError as error:
        raise OperatorError(
            f"the database {path} cannot be read: {error}. Type this as the user that Coppice"
            " runs as, to whom the file has to belong."
        ) from error
    try:
        with damage_named(path):
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:  # no such table: a new file
        return None
    except sqlite3.DatabaseError as error:
        raise OperatorError(f"the database {path} cannot be read: {error}") from error
    finally:
        connection.close()
    return str(row[0]) if row else None


async def _migrate(file: SqliteFile) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.store", str(file.path), stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await process.communicate()
    if process.returncode:
        raise OperatorError(f"the database cannot be migrated: {complaint.decode()[-2000:]}")
