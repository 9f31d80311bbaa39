"""Outages pass: try a query again until its database is back, and never commit it twice."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")

_FIRST_SECONDS, _LONGEST_SECONDS = 0.1, 2.0
_SQLITE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_log = logging.getLogger(__name__)


class Retry:
    """Patience in seconds, for all queries of a database; used by several threads."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._given_up = threading.Event()
        self.waiting = 0
        """Queries that wait now; it need not be exact."""

    def __call__(self, query: Callable[[], T]) -> T:
        """Answer the query. Raises DBAPIError where it is at fault, or patience has run out."""
        try:
            return query()
        except DBAPIError as error:
            if not may_pass(error):
                raise
            _log.warning("the database is away, trying again: %s", _said(error))
        self.waiting += 1
        try:
            return self._insist(query)
        finally:
            self.waiting -= 1

    def give_up(self) -> None:
        """Let whatever waits fail now."""
        self._given_up.set()

    def _insist(self, query: Callable[[], T]) -> T:
        began, delay = time.monotonic(), _FIRST_SECONDS
        while True:
            self._given_up.wait(delay)
            delay = min(2 * delay, _LONGEST_SECONDS)
            try:
                return query()
            except DBAPIError as error:
                waited = time.monotonic() - began
                if not may_pass(error) or waited > self._patience or self._given_up.is_set():
                    raise


def commit(
    engine: Engine, query: Callable[[Connection], T], retry: Retry, *, durable: bool = True
) -> T:
    """Run a query in a transaction of PostgreSQL; where its commit is in doubt, the server says."""
    with engine.connect() as connection, connection.begin() as transaction:
        if not durable:
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
        result = query(connection)
        number = connection.exec_driver_sql(_NUMBER).scalar()
        try:
            transaction.commit()
        except DBAPIError as error:
            if number is None or not may_pass(error):
                raise
            connection.invalidate()
            if not retry(lambda: _is_committed(engine, str(number))):
                raise
    return result


_NUMBER = "SELECT pg_current_xact_id_if_assigned()::text"
_STATUS = "SELECT pg_xact_status(CAST(%s AS xid8))"


def _is_committed(engine: Engine, number: str) -> bool:
    while True:
        with engine.connect() as connection:
            status = connection.exec_driver_sql(_STATUS, (number,)).scalar()
        if status != "in progress":
            return status == "committed"
        time.sleep(_FIRST_SECONDS)


def leave_outages(engine: Engine) -> Engine:
    """Have an engine drop each connection that met an outage: a session may keep its state.

    One that began while the server could only be read stays so for ever, for example. DBOS also
    takes what is told of such an error for the reason to try again.
    """
    event.listen(engine, "handle_error", _leave)
    return engine


def _leave(context: ExceptionContext) -> None:
    error = context.sqlalchemy_exception
    if isinstance(error, DBAPIError) and may_pass(error):
        context.is_disconnect = True
        if isinstance(error.orig, sqlite3.Error) and context.connection is not None:
            _let_go(context.connection)


def _let_go(connection: Connection) -> None:
    """Give SQLite's lock back at once.

    A file that is closed while a statement of it lives, and the error's own traceback keeps some,
    holds its transaction, and with it everybody else's, until the garbage is collected.
    """
    raw = connection.connection.dbapi_connection
    if raw is not None:
        with suppress(sqlite3.Error):
            raw.rollback()


def may_pass(error: DBAPIError) -> bool:
    """Say whether the same query may succeed later."""
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE
    from bot.store.postgres import is_outage  # late: on SQLite nobody needs the driver

    return error.connection_invalidated or is_outage(error.orig)


def _said(error: DBAPIError) -> str:
    return " ".join(str(error.orig).split())
