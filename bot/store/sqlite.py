"""SQLite files as all of ours are set up; imports no SQLAlchemy, so that the door stays small."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bot.errors import OperatorError
from bot.store.checkpoint import Checkpointer

BUSY_SECONDS = 30
_BUSY_PAUSE = 0.02  # seconds
_PREFIX = "sqlite:///"


class Corrupt(OperatorError):
    """An SQLite file is damaged."""


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Raise Corrupt, with what to do, where SQLite complains of the file itself."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if not is_damage(str(error)):
            raise
        raise damage(path, str(error)) from error


def damage(path: Path, said: str) -> Corrupt:
    """Say what to do where SQLite complains of the file itself."""
    return Corrupt(
        f"the database {path} is damaged ({said}): keep the file, and restore the last backup"
        " into an empty place (`coppice restore FILE`); `coppice verify-store` says more"
    )


def is_damage(said: str) -> bool:
    """Say whether SQLite complains of the file itself."""
    return any(word in said for word in ("malformed", "not a database"))


class SqliteFile:
    """A database file and what those in this process who write to it share."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.turn = threading.Lock()
        """Taken around each write: waiting here is fair and prompt, SQLite's own waiting sleeps
        and tries again."""
        self.checkpointer = Checkpointer(path)

    def close(self) -> None:
        self.checkpointer.close()


def sqlite_path(url: str) -> Path | None:
    """Name the file of an SQLite URL, whatever characters it has; None for another database."""
    if not url.startswith("sqlite:"):
        return None
    path = url.removeprefix(_PREFIX)
    if path == url or not path or path.startswith(":memory:"):
        raise OperatorError(
            f"COPPICE_DATABASE_URL: {_PREFIX} and the path of a file is what Coppice can use"
        )
    return Path(path)


def create_private(path: Path) -> None:
    """Make a database file that only its owner can read, unless it is there.

    Raises OperatorError when it cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise OperatorError(f"the database {path} cannot be written: {error.strerror}") from error


def copy_beside(path: Path, name: str) -> Path:
    """Copy a database, while others may use it, to a file of the same folder with mode 0600.

    One of the same name is replaced once the new one is whole. Raises OperatorError.
    """
    copy = path.with_name(f"{path.name}.{name}")
    part = copy.with_name(f"{copy.name}.part")
    try:
        part.unlink(missing_ok=True)
        create_private(part)
        with (
            closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as source,
            closing(sqlite3.connect(part)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        descriptor = os.open(part, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        part.replace(copy)
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        raise OperatorError(f"the database {path} cannot be copied to {copy}: {error}") from error
    return copy


def connect(path: Path) -> sqlite3.Connection:
    """Open a connection as every one of ours has to be set up.

    Checkpoints never run inside a commit (`wal_autocheckpoint=0`): the Checkpointer does them.
    """
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("PRAGMA journal_size_limit=268435456")
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.execute("PRAGMA cache_size=-500")  # KB each; the system caches the file anyway
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Have a log be written ahead. SQLite does not wait where another process does so just now."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_BUSY_PAUSE)
        else:
            return
