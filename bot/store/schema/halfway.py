"""A database that is half of two schemas: a migration by hand, a copy or a restore was cut short.

Ours are one transaction each, so this is somebody else's doing. What a later schema would make
anew is taken away where nothing is in it; where there is, people have to decide.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from bot.errors import OperatorError
from bot.store.schema.migrate import upgrade
from bot.store.schema.version import HEAD
from bot.store.tables import metadata

_STATES = {"42P07", "42701", "42710"}
_WORDS = ("already exists", "duplicate column name")


class Leftover(NamedTuple):
    """Something of a later schema."""

    kind: str
    """`table`, `column` or `index`."""
    table: str
    name: str

    def __str__(self) -> str:
        where = "" if self.kind == "table" else f" of {self.table}"
        return f"{self.kind} {self.name}{where}"


class Shape(NamedTuple):
    columns: set[str]
    indexes: set[str]


def is_sign(error: DBAPIError) -> bool:
    """Say whether a migration met what it was to make."""
    state = getattr(error.orig, "sqlstate", None)
    return state in _STATES or (state is None and any(w in str(error.orig) for w in _WORDS))


def clear(connection: Connection, found: str | None) -> tuple[str, ...]:
    """Take away what is of a later schema, and say what. Raises OperatorError: data is in it."""
    leftovers = list(_leftovers(_shapes(connection), _shapes_at(found), _shapes_at(HEAD)))
    full = [str(each) for each in leftovers if _is_used(connection, each)]
    if full or not leftovers:
        raise OperatorError(
            f"a migration was left half-way: the database says schema {found or 'none'}, but has"
            f" {', '.join(full) or 'things'} of schema {HEAD} with data. Nothing was changed."
            " Restore the copy or the backup from before it (`coppice restore`), or take away by"
            " hand what is not needed, and run `coppice migrate` again."
        )
    for each in reversed(leftovers):
        _drop(connection, each)
    return tuple(map(str, leftovers))


def _leftovers(
    there: Mapping[str, Shape], before: Mapping[str, Shape], head: Mapping[str, Shape]
) -> Iterator[Leftover]:
    made = [t.name for t in metadata.sorted_tables if t.name in there and t.name not in before]
    for name in made:
        yield Leftover("table", name, name)
    for name in sorted(there.keys() & before.keys() & head.keys()):
        new = (head[name].columns - before[name].columns) & there[name].columns
        yield from (Leftover("column", name, column) for column in sorted(new))
        new = (head[name].indexes - before[name].indexes) & there[name].indexes
        yield from (Leftover("index", name, index) for index in sorted(new))


def _is_used(connection: Connection, leftover: Leftover) -> bool:
    quote = connection.dialect.identifier_preparer.quote
    query = f"SELECT 1 FROM {quote(leftover.table)}"  # noqa: S608 (a name of ours)
    if leftover.kind == "index":
        return False
    if leftover.kind == "column":
        query += f" WHERE {quote(leftover.name)} IS NOT NULL"
    return connection.execute(text(f"{query} LIMIT 1")).first() is not None


def _drop(connection: Connection, leftover: Leftover) -> None:
    quote = connection.dialect.identifier_preparer.quote
    table, name = quote(leftover.table), quote(leftover.name)
    statements = {
        "table": f"DROP TABLE {table}",
        "column": f"ALTER TABLE {table} DROP COLUMN {name}",
        "index": f"DROP INDEX {name}",
    }
    connection.execute(text(statements[leftover.kind]))


def _shapes(connection: Connection) -> dict[str, Shape]:
    look = inspect(connection)
    return {
        table: Shape(
            {column["name"] for column in look.get_columns(table)},
            {str(index["name"]) for index in look.get_indexes(table)},
        )
        for table in look.get_table_names()
    }


def _shapes_at(revision: str | None) -> dict[str, Shape]:
    """See what a revision makes, in a database of no consequence."""
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            if revision is not None:
                upgrade(connection, revision)
            return _shapes(connection)
    finally:
        engine.dispose()
