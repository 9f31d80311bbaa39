"""No test escapes being run on both databases: what its marks do not allow is refused."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests import databases, postgres


def test_an_sqlite_file_that_no_mark_allows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="opens the SQLite database"):
        sqlite3.connect(tmp_path / "a.sqlite")

    assert list(tmp_path.iterdir()) == []


def test_who_takes_either_database_has_to_be_marked(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="lacks the mark"), postgres.either(tmp_path / "a"):
        pass


@pytest.mark.sqlite
def test_what_is_about_sqlite_may_open_a_file(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection:
        assert connection.execute("SELECT 7").fetchone() == (7,)


def test_what_takes_the_fixture_is_marked_and_has_the_database_that_is_wanted(
    request: pytest.FixtureRequest, either_url: str
) -> None:
    assert request.node.get_closest_marker("database") is not None
    assert either_url.startswith("postgresql" if databases.wanted() else "sqlite")


@pytest.mark.parametrize(
    ("marks", "on_sqlite", "on_postgresql"),
    [
        ({"sqlite"}, True, True),
        ({"database"}, True, False),
        ({"database", "sqlite"}, True, True),
        ({"slow"}, False, False),
    ],
)
def test_a_file_is_opened_where_the_marks_say_so(
    marks: set[str], on_sqlite: bool, on_postgresql: bool
) -> None:
    assert databases.allowed(marks, postgresql=False) is on_sqlite
    assert databases.allowed(marks, postgresql=True) is on_postgresql
