"""A database and its threads: queries run here, so that the event loop never waits."""

import asyncio
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from bot.errors import OperatorError
from bot.store.retry import Retry, commit, leave_outages
from bot.store.schema.migrate import Migration, migrate
from bot.store.sqlite import (
    Corrupt,
    SqliteFile,
    connect,
    create_private,
    damage,
    is_damage,
    sqlite_path,
)

__all__ = ["Connection", "Database"]

T = TypeVar("T")

_READERS = 4
_STATEMENT_SECONDS = 60.0
_IDLE_SECONDS = 10.0
_PATIENCE = 10.0  # seconds; whoever waits for a command would rather hear that nothing answers


class Database:
    """One database; SQLite takes one writer at a time, PostgreSQL several.

    A query that meets an outage (no connection, read-only, no room) is tried again, so it must not
    do anything but ask the database; one that was committed as the connection broke is not.
    """

    def __init__(
        self, engine: Engine, file: SqliteFile | None, url: str, patience: float = math.inf
    ) -> None:
        self.engine = engine
        self.url = url
        """As it was given; it may hold a password."""
        self.migration = Migration(None)
        """What was done to it as it was opened."""
        self._retry = Retry(patience)
        self.file = file
        """Of an SQLite database."""
        self.guard: Callable[[Connection], None] | None = None
        """Asked inside each transaction of PostgreSQL that writes, before anything is written."""
        writers = 1 if file else _READERS
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-read")
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="store-write")

    @classmethod
    async def open(cls, url: str, *, patience: float = _PATIENCE) -> Self:
        """Open the database and bring it to this version's schema, a new one included.

        Once it is open, each query waits for so many seconds for an outage to pass. Raises
        OperatorError when it cannot be reached now, or was made by a newer version.
        """
        return await asyncio.get_running_loop().run_in_executor(None, cls._open, url, patience)

    @classmethod
    def _open(cls, url: str, patience: float) -> Self:
        path = sqlite_path(url)
        engine = _sqlite(path) if path else _postgresql(url)
        try:
            migration = migrate(engine)
        except DBAPIError as error:
            engine.dispose()
            raise _complaint(error, url) from error
        except OperatorError:
            engine.dispose()
            raise
        opened = cls(engine, SqliteFile(path) if path else None, url, patience)
        opened.migration = migration
        return opened

    @property
    def away(self) -> bool:
        """Say whether a query waits for an outage to pass."""
        return self._retry.waiting > 0

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query that writes nothing."""
        return await self._in(self._readers, self._read, query)

    async def write(self, query: Callable[[Connection], T]) -> T:
        """Run a query in one transaction; it is on disk when this returns."""
        return await self._in(self._writers, self._write, query)

    async def note(self, query: Callable[[Connection], T]) -> T:
        """Do the same without waiting for the disk: a kill leaves it, a power cut may take it.

        For accounts of what dies with the power anyway; the order of writes is kept.
        """
        return await self._in(self._writers, self._note, query)

    async def close(self) -> None:
        """Wait for what runs, then close every connection; what waits for an outage is given up."""
        self._retry.give_up()
        with ThreadPoolExecutor(1) as last:  # the loop's own pool may be gone by now
            await asyncio.get_running_loop().run_in_executor(last, self._close)

    async def _in(
        self,
        threads: ThreadPoolExecutor,
        run: Callable[[Callable[[Connection], T]], T],
        query: Callable[[Connection], T],
    ) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            threads, self._retry, partial(self._undamaged, run, query)
        )

    def _undamaged(
        self, run: Callable[[Callable[[Connection], T]], T], query: Callable[[Connection], T]
    ) -> T:
        """Run a query; what SQLite says of a damaged file is put into words that help."""
        try:
            return run(query)
        except DBAPIError as error:
            if self.file is None or not is_damage(str(error.orig)):
                raise
            raise Corrupt(
                f"the database {self.file.path} is damaged ({error.orig}): stop the service;"
                " `coppice verify-store` says what is wrong with it and what to do"
            ) from error

    def _read(self, query: Callable[[Connection], T]) -> T:
        with self.engine.connect() as connection:
            return query(connection)

    def _write(self, query: Callable[[Connection], T]) -> T:
        if self.file is None:
            return commit(self.engine, self._guarded(query), self._retry)
        with self.file.turn, self.engine.connect() as connection:
            with connection.execution_options(write=True).begin():
                result = query(connection)
            self.file.checkpointer.touch()
            return result

    def _note(self, query: Callable[[Connection], T]) -> T:
        if self.file is None:
            return commit(self.engine, self._guarded(query), self._retry, durable=False)
        with self.file.turn, self.engine.connect() as connection, _unflushed(connection):
            with connection.execution_options(write=True).begin():
                result = query(connection)
            self.file.checkpointer.touch()
            return result

    def _guarded(self, query: Callable[[Connection], T]) -> Callable[[Connection], T]:
        guard = self.guard
        if guard is None:
            return query

        def guarded(c: Connection) -> T:
            guard(c)
            return query(c)

        return guarded

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


def _complaint(error: DBAPIError, url: str) -> OperatorError:
    if not url.startswith("sqlite"):
        from bot.store.postgres import complaint

        return complaint(error.orig or error, url)
    path = sqlite_path(url)
    if path is not None and is_damage(str(error.orig)):
        return damage(path, str(error.orig))
    return OperatorError(f"the database cannot be opened: {error.orig}")


def _postgresql(url: str) -> Engine:
    parse_url(url)
    from bot.store.postgres import parameters  # late: on SQLite nobody needs the driver

    limits = parameters(
        url, name="store", statement_seconds=_STATEMENT_SECONDS, idle_seconds=_IDLE_SECONDS
    )
    return leave_outages(
        create_engine("postgresql+psycopg://", connect_args=limits, pool_size=_READERS * 2)
    )


def _sqlite(path: Path) -> Engine:
    create_private(path)
    url = URL.create("sqlite", database=str(path))  # as text `%XX` and `?` would be read
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
