"""A database and its threads: queries run here, so that the event loop never waits."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from bot.errors import OperatorError
from bot.store.migrate import migrate
from bot.store.sqlite import SqliteFile, connect, create_private, sqlite_path

__all__ = ["Connection", "Database"]

T = TypeVar("T")

_READERS = 4


class Database:
    """One database; SQLite takes one writer at a time, PostgreSQL several."""

    def __init__(self, engine: Engine, file: SqliteFile | None) -> None:
        self.engine = engine
        self.file = file
        """Of an SQLite database."""
        writers = 1 if file else _READERS
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-read")
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="store-write")

    @classmethod
    async def open(cls, url: str) -> Self:
        """Open the database and bring it to this version's schema, a new one included.

        Raises OperatorError when it cannot be reached or was made by a newer version.
        """
        return await asyncio.get_running_loop().run_in_executor(None, cls._open, url)

    @classmethod
    def _open(cls, url: str) -> Self:
        parsed = parse_url(url)
        path = sqlite_path(url)
        engine = _sqlite(parsed, path) if path else create_engine(parsed, pool_size=8)
        try:
            migrate(engine)
        except DBAPIError as error:
            engine.dispose()
            raise OperatorError(f"the database cannot be opened: {error.orig}") from error
        except OperatorError:
            engine.dispose()
            raise
        return cls(engine, SqliteFile(path) if path else None)

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query that writes nothing."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, query)

    async def write(self, query: Callable[[Connection], T]) -> T:
        """Run a query in one transaction; it is on disk when this returns."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, self._write, query)

    async def note(self, query: Callable[[Connection], T]) -> T:
        """Do the same without waiting for the disk: a kill leaves it, a power cut may take it.

        For accounts of what dies with the power anyway; the order of writes is kept.
        """
        return await asyncio.get_running_loop().run_in_executor(self._writers, self._note, query)

    async def close(self) -> None:
        """Wait for what runs, then close every connection."""
        with ThreadPoolExecutor(1) as last:  # the loop's own pool may be gone by now
            await asyncio.get_running_loop().run_in_executor(last, self._close)

    def _read(self, query: Callable[[Connection], T]) -> T:
        with self.engine.connect() as connection:
            return query(connection)

    def _write(self, query: Callable[[Connection], T]) -> T:
        if self.file is None:
            with self.engine.begin() as connection:
                return query(connection)
        with self.file.turn, self.engine.connect() as connection:
            with connection.execution_options(write=True).begin():
                result = query(connection)
            self.file.checkpointer.touch()
            return result

    def _note(self, query: Callable[[Connection], T]) -> T:
        if self.file is None:
            with self.engine.begin() as connection:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
                return query(connection)
        with self.file.turn, self.engine.connect() as connection, _unflushed(connection):
            with connection.execution_options(write=True).begin():
                result = query(connection)
            self.file.checkpointer.touch()
            return result

    def _close(self) -> None:
        self._readers.shutdown()
        self._writers.shutdown()
        if self.file:
            self.file.close()
        self.engine.dispose()


def parse_url(url: str) -> URL:
    """Read a database URL; `postgresql://` means the driver that is installed, psycopg 3."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise OperatorError(
            "COPPICE_DATABASE_URL is not a database URL: it starts with sqlite:/// or postgresql://"
        ) from error
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "postgresql+psycopg"):
        return parsed
    raise OperatorError(
        f"COPPICE_DATABASE_URL: {parsed.drivername} is not supported, sqlite and postgresql are"
    )


def _sqlite(url: URL, path: Path) -> Engine:
    create_private(path)
    engine = create_engine(url, creator=lambda: connect(path), pool_size=_READERS + 2)
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def _unflushed(connection: Connection) -> Iterator[None]:
    """Let commits of one connection return before they are on disk."""
    # of the driver: SQLAlchemy's own would begin a transaction first
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA synchronous=NORMAL")
    try:
        yield
    finally:
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later could not wait for another writer.
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
