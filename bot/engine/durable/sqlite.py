"""The engine's SQLite file: what DBOS 3.4 does not set itself.

DBOS uses whole seconds as its clock on Python 3.11 (messages of one second lose their order) and
`unixepoch('subsec')` from 3.12, which SQLite before 3.42 does not know (launch fails). It sets
neither WAL nor `synchronous`. A connect hook on an engine of our own mends all three.
"""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from bot.store.retry import leave_outages
from bot.store.sqlite import Corrupt, is_damage

BUSY_SECONDS = 30


def create(path: Path) -> sa.Engine:
    """Open (and create, mode 0600) the engine's file; raises Corrupt where it is damaged."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.close(descriptor)
    _look_into(path)
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),  # as text `%XX` would be decoded
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,  # DBOS logs what it tries again
    )
    event.listen(engine, "connect", _prepare)
    return leave_outages(engine)


def _look_into(path: Path) -> None:
    """Read what every connection reads first: later SQLite's word would be nobody's to act on."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
            _prepare(connection, None)
            connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.DatabaseError as error:
        if not is_damage(str(error)):
            raise
        raise Corrupt(
            f"the engine's file {path} is damaged ({error}). Stop the service and move it away,"
            " with its -wal and -shm: at the next start each run that waits begins again at its"
            " gate, and work that was under way from its last kept state"
        ) from error


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = "IMMEDIATE"
    for pragma in (
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "foreign_keys=ON",
        "journal_mode=WAL",
        "synchronous=FULL",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("unixepoch", 1, _unixepoch)
    connection.create_function("strftime", 2, _strftime)


def _now() -> float:
    """Seconds with milliseconds, chosen so that SQLite's `* 1000` gives a whole number."""
    milliseconds = int(time.time() * 1000)
    while milliseconds / 1000 * 1000 != milliseconds:
        milliseconds -= 1
    return milliseconds / 1000


def _unixepoch(modifier: str) -> float | None:
    return _now() if modifier == "subsec" else None


def _strftime(form: str, when: str) -> float:
    if (form, when) != ("%s", "now"):
        raise ValueError(f"DBOS asks for strftime({form!r}, {when!r}): look at the new release")
    return _now()
