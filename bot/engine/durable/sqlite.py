"""The engine's SQLite file: what DBOS 3.4 does not set itself.

DBOS uses whole seconds as its clock on Python 3.11 (messages of one second lose their order) and
`unixepoch('subsec')` from 3.12, which SQLite before 3.42 does not know (launch fails). It sets
neither WAL nor `synchronous`. A connect hook on an engine of our own mends all three.
"""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from bot.store.retry import leave_outages

BUSY_SECONDS = 30


def create(path: Path) -> sa.Engine:
    """Open (and create, mode 0600) the engine's file."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.close(descriptor)
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),  # as text `%XX` would be decoded
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,  # DBOS logs what it tries again
    )
    event.listen(engine, "connect", _prepare)
    return leave_outages(engine)


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
