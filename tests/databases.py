"""Which tests run on both databases, and that none is missed.

- `database`: it takes whatever database `COPPICE_TEST_DB` names; found by the fixture
  `either_database` or said by hand. `-m database` selects them.
- `sqlite`: it is about SQLite, and left out where that is not the database.
- the others name PostgreSQL themselves, are made once for each (all of tests/store), or touch no
  database. One of them that opens an SQLite file fails, and so does one of the first kind where
  it was to be on PostgreSQL.
"""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

STORE = Path(__file__).parent / "store"
_marks: dict[str, set[str]] = {}


def wanted() -> bool:
    """Say whether tests that could run on either database are to run on PostgreSQL."""
    name = os.environ.get("COPPICE_TEST_DB") or "sqlite"
    if name not in ("sqlite", "postgresql"):
        raise ValueError(f"COPPICE_TEST_DB is sqlite or postgresql, not {name}")
    return name == "postgresql"


def mark(items: list[pytest.Item]) -> None:
    for item in items:
        if "either_database" in getattr(item, "fixturenames", ()):
            item.add_marker("database")
        if not item.path.is_relative_to(STORE):
            _marks[item.nodeid] = {each.name for each in item.iter_markers()}


def watch() -> None:
    """See to it that tests of this process open no SQLite file that their marks do not allow."""
    sys.addaudithook(_refuse)


def require_mark() -> None:
    """Refuse a test that takes either database and would not be run on both."""
    test = _running()
    assert test not in _marks or "database" in _marks[test], f"{test} lacks the mark `database`"


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    test = _running() if event == "sqlite3.connect" else ""
    if test in _marks and not allowed(_marks[test], postgresql=wanted()):
        raise AssertionError(
            f"{test} opens the SQLite database {arguments[0]}. Take that of `either_url` or "
            "`tests.postgres.either`, or say that it is about SQLite (mark: sqlite)"
        )


def _running() -> str:
    """The test that this process is at, with the setting up and tearing down of its fixtures."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]


def allowed(marks: set[str], *, postgresql: bool) -> bool:
    return "sqlite" in marks or ("database" in marks and not postgresql)
