"""Bring a database to the schema of this version; Alembic is imported only when there is work.

All of it is one transaction, on SQLite too: either everything of it is there, or nothing.
"""

import logging
import time
from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from bot.errors import OperatorError
from bot.store.schema.version import HEAD, refuse_newer

_POSTGRES_LOCK = 0x636F7070  # any number, the same in every process
_LOCK_SECONDS, _TRIES = 5, 12
_log = logging.getLogger(__name__)


class Migration(NamedTuple):
    """What was done to a database when it was opened."""

    found: str | None
    """The schema that it had; None: it was empty."""
    backup: Path | None = None
    """Of an SQLite file, as it was before."""
    mended: tuple[str, ...] = ()
    """What a migration that was left half-way had made, and what was taken away first."""


def migrate(engine: Engine) -> Migration:
    """Create or upgrade our tables; do nothing when they are as this version wants them.

    Raises OperatorError when a newer version of Coppice made them, or they are half of two.
    """
    with engine.connect() as connection:
        _refuse_old_server(connection)
        found = revision(connection)
    refuse_newer(found)
    if found == HEAD:
        return Migration(found)
    backup = _back_up(engine, found)
    try:
        _in_turn(engine, mend=False)
        mended: tuple[str, ...] = ()
    except DBAPIError as error:
        from bot.store.schema import halfway  # late: hardly ever

        if not halfway.is_sign(error):
            raise
        mended = _in_turn(engine, mend=True)
    if found is not None:
        _log.warning("the database was brought from schema %s to %s", found, HEAD)
    return Migration(found, backup, mended)


def revision(connection: Connection) -> str | None:
    """Read which migration a database is at; None: it is empty."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def upgrade(connection: Connection, to: str = HEAD) -> None:
    """Run the migrations up to one of them, in the transaction of a connection."""
    from alembic import command
    from alembic.config import Config

    with as_file(files("bot.store.schema") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def _in_turn(engine: Engine, *, mend: bool) -> tuple[str, ...]:
    """Wait for tables that others use, never for long: who comes after a waiting lock waits too."""
    for tries in range(1, _TRIES + 1):
        try:
            return _apply(engine, mend=mend)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != "55P03":
                raise
            _log.warning("migration: others use the tables, trying again (%d)", tries)
            time.sleep(1)
    raise OperatorError(
        "the migration could not have the tables to itself for a moment: nothing was changed."
        " Look in pg_stat_activity for a transaction that has been open for long, and try again."
    )


def _apply(engine: Engine, *, mend: bool) -> tuple[str, ...]:
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
            connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'"))
        found = revision(connection)
        if found == HEAD:  # another process was faster
            return ()
        mended: tuple[str, ...] = ()
        if mend:
            from bot.store.schema import halfway

            mended = halfway.clear(connection, found)
        upgrade(connection)
        return mended


def _refuse_old_server(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        from bot.store.schema.postgres import refuse_old

        refuse_old(connection.connection.driver_connection.info.server_version)  # type: ignore[union-attr]


def _back_up(engine: Engine, found: str | None) -> Path | None:
    """Copy an SQLite file beside itself as it is, for its owner alone."""
    if found is None or engine.dialect.name != "sqlite":
        return None
    from bot.store.sqlite import copy_beside

    copy = copy_beside(Path(str(engine.url.database)), f"schema-{found}")
    _log.warning("the database is migrated from schema %s; it was copied to %s", found, copy)
    return copy
