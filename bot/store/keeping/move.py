"""Take an SQLite installation over to PostgreSQL: all of it in one transaction, or nothing.

The engine's own state stays behind; the service begins waiting runs again from our record.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from bot.errors import OperatorError
from bot.store import audit
from bot.store.audit import Entry
from bot.store.database import Connection, Database
from bot.store.keeping import belongings, copying, snapshot
from bot.store.keeping.backup import Progress
from bot.store.keeping.copying import Content
from bot.store.schema import version as schema


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did."""

    content: dict[str, Content]
    files: int
    """Of runs."""


async def move(
    source: Database, target: Database, runs: Path, entry: Entry, progress: Progress
) -> Moved:
    """Copy, read back, compare, commit; then close the SQLite file to every later service.

    Raises OperatorError: the source is damaged, the target is not empty or refuses something.
    """
    if source.file is None or target.file is not None:
        raise OperatorError("coppice move goes from SQLite to postgresql://…")
    progress("checking the SQLite file")
    snapshot.require_whole(source.file.path, source.file.path)

    def copy(c: Connection) -> Moved:
        if not copying.is_empty(c):
            raise OperatorError(
                "the PostgreSQL database is not empty: something has run there. Name a new one"
                " (`createdb`), or drop and create this one again."
            )
        with source.engine.connect() as origin:
            content = copying.copy(origin, c, lambda t, rows: progress(f"{t}: {rows:,} rows"))
        files = belongings.into_database(c, runs)
        audit.record(c, entry)
        return Moved(content, files)

    done = await target.write(copy)
    await source.write(close_for_good)
    return done


def close_for_good(c: Connection) -> None:
    """Have every later service refuse the file that was moved."""
    c.execute(text("UPDATE alembic_version SET version_num = :moved"), {"moved": schema.MOVED})
