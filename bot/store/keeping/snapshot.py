"""Copy SQLite files while others write to them: both of one moment, checked page by page."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from bot.store.sqlite import BUSY_SECONDS, Corrupt

PAGES = 1000  # at a time: so often somebody hears how far it is

Progress = Callable[[int, int], None]
"""Hears of pages copied, and of all."""


def take(ours: Path, others: Sequence[Path], folder: Path, progress: Progress) -> None:
    """Copy an SQLite file, and others that belong to it, into a folder under their own names.

    Nobody writes to ``ours`` between the moments of the copies, and whoever writes to the others
    writes to ours first; so what the copies say of each other is true. Raises Corrupt.
    """
    with _pinned(ours, others) as pinned:
        for path, source in pinned.items():
            copy = folder / path.name
            with closing(sqlite3.connect(copy)) as target:
                source.backup(target, pages=PAGES, progress=_telling(progress))
                target.execute("PRAGMA journal_mode=DELETE")
            require_whole(copy, path)


def complaints(path: Path, most: int = 20) -> list[str]:
    """Say what SQLite finds wrong with a file, its pages, indexes and references; []: nothing."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as c:
            found = [str(row[0]) for row in c.execute(f"PRAGMA integrity_check({most})")]
            broken = c.execute("PRAGMA foreign_key_check").fetchmany(most)
    except sqlite3.DatabaseError as error:
        return [str(error)]
    points = [
        f"row {rowid} of {table} points to a row of {to} that is missing"
        for table, rowid, to, _ in broken
    ]
    return ([] if found == ["ok"] else found) + points


def require_whole(copy: Path, of: Path) -> None:
    """Raise Corrupt where a copy shows that its original is damaged."""
    if found := complaints(copy):
        raise Corrupt(
            f"the database {of} is damaged ({found[0]}). Stop the service, keep a copy of the"
            " file, and restore the last good backup: `coppice restore FILE`. `sqlite3 FILE"
            " .recover` may read more of it."
        )


@contextmanager
def _pinned(ours: Path, others: Sequence[Path]) -> Iterator[dict[Path, sqlite3.Connection]]:
    """Hold a reader's view of each file, all begun while nobody writes to ours."""
    opened: list[sqlite3.Connection] = []
    try:
        gate = _connect(ours, opened)
        gate.execute("BEGIN IMMEDIATE")
        views = {path: _view(path, opened) for path in (ours, *others)}
        gate.execute("ROLLBACK")
        yield views
    except sqlite3.DatabaseError as error:
        raise Corrupt(f"the database {ours} cannot be copied: {error}") from error
    finally:
        for connection in opened:
            connection.close()


def _view(path: Path, opened: list[sqlite3.Connection]) -> sqlite3.Connection:
    connection = _connect(path, opened)
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return connection


def _connect(path: Path, opened: list[sqlite3.Connection]) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    opened.append(connection)
    return connection


def _telling(progress: Progress) -> Callable[[int, int, int], None]:
    def tell(_status: int, remaining: int, total: int) -> None:
        progress(total - remaining, total)

    return tell
