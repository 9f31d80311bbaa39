"""The two statements that SQLite and PostgreSQL spell alike and SQLAlchemy keeps apart."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_or_ignore(c: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row; False: a row with one of its unique keys is there already."""
    statement = _insert(c, table, values).on_conflict_do_nothing()
    return c.execute(statement.execution_options(preserve_rowcount=True)).rowcount == 1


def upsert(c: Connection, table: Table, values: Mapping[str, Any], *, key: Sequence[str]) -> None:
    """Insert a row, or replace all but the key of the one that is there."""
    rest = {name: value for name, value in values.items() if name not in key}
    statement = _insert(c, table, values)
    c.execute(statement.on_conflict_do_update(index_elements=list(key), set_=rest))


def _insert(
    c: Connection, table: Table, values: Mapping[str, Any]
) -> sqlite.Insert | postgresql.Insert:
    if c.dialect.name == "sqlite":
        return sqlite.insert(table).values(dict(values))
    return postgresql.insert(table).values(dict(values))
