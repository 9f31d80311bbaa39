"""Copy all our tables from one database to another, and prove that the same is in both."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Connection, Row, Table, func, select, text
from sqlalchemy.exc import DBAPIError

from bot.errors import OperatorError
from bot.runs import Record
from bot.store import tables

BATCH = 1000
OF_PROCESSES = frozenset({"workers", "turns", "orders"})
"""Tables about processes that are alive now: another database has others."""

Progress = Callable[[str, int], None]
"""Hears of each table, and of the rows copied so far."""


class Content(Record):
    """What a table holds."""

    rows: int
    digest: str
    """SHA-256 of all rows in the order of their keys."""


class Differs(OperatorError):
    """A copy is not what it was made from."""


def kept() -> list[Table]:
    """List the tables that hold something to keep, those that others point to first."""
    return [t for t in tables.metadata.sorted_tables if t.name not in OF_PROCESSES]


def is_empty(c: Connection) -> bool:
    """Say whether nobody has written anything into a database yet."""
    return all(c.execute(select(table).limit(1)).first() is None for table in kept())


def copy(source: Connection, target: Connection, progress: Progress) -> dict[str, Content]:
    """Copy every table in the transaction of ``target``, read it back, and answer what it holds.

    Raises Differs, and whatever the target refuses.
    """
    copied = {}
    for side in (source, target):
        _take_time(side)
    for table in kept():
        progress(table.name, 0)
        copied[table.name] = _copy(table, source, target, progress)
        found = content(target, table)
        if found != copied[table.name]:
            raise Differs(
                f"the copy of table {table.name} is not what it was made from"
                f" ({found.rows} rows of {copied[table.name].rows}); nothing was changed"
            )
        _continue_counting(table, target)
    return copied


def _take_time(c: Connection) -> None:
    """Lift the time limits of a transaction in which a whole table is sorted, or waits for one."""
    if c.dialect.name == "postgresql":
        c.execute(text("SET LOCAL statement_timeout = 0"))
        c.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def content(c: Connection, table: Table) -> Content:
    """Count and digest the rows of a table."""
    counting = _Counting()
    for row in _rows(c, table):
        counting.add(row._mapping)
    return counting.content


class _Counting:
    def __init__(self) -> None:
        self._rows = 0
        self._hash = hashlib.sha256()

    def add(self, row: Mapping[Any, Any]) -> None:
        self._rows += 1
        spelt = json.dumps(list(row.values()), sort_keys=True, default=_hex)
        self._hash.update(spelt.encode() + b"\n")

    @property
    def content(self) -> Content:
        return Content(rows=self._rows, digest=self._hash.hexdigest())


def _copy(table: Table, source: Connection, target: Connection, progress: Progress) -> Content:
    counting, done = _Counting(), 0
    rows = _rows(source, table)
    while batch := list(islice(rows, BATCH)):
        values = [dict(row._mapping) for row in batch]
        for row in values:
            counting.add(row)
        try:
            _insert(target, table, values)
        except (DBAPIError, target.dialect.loaded_dbapi.Error) as error:
            raise OperatorError(f"table {table.name} cannot be copied: {error}") from error
        done += len(values)
        progress(table.name, done)
    return counting.content


def _insert(c: Connection, table: Table, values: list[dict[str, Any]]) -> None:
    """Write rows: to PostgreSQL as one stream, which costs it a tenth of single inserts."""
    if c.dialect.name == "sqlite":
        c.execute(table.insert(), values)
        return
    quote = c.dialect.identifier_preparer.quote
    names = ", ".join(quote(column.name) for column in table.columns)
    order = f"COPY {quote(table.name)} ({names}) FROM STDIN"
    driver: Any = c.connection.driver_connection  # psycopg's, in the transaction that is open
    with driver.cursor() as cursor, cursor.copy(order) as stream:
        for row in values:
            stream.write_row([_raw(column, row[column.name]) for column in table.columns])


def _raw(column: Column[Any], value: Any) -> Any:
    return json.dumps(value) if isinstance(column.type, JSON) and value is not None else value


def _rows(c: Connection, table: Table) -> Iterator[Row[Any]]:
    query = select(table).order_by(*_in_order(table, c))
    with c.execute(query.execution_options(yield_per=BATCH)) as found:
        yield from found


def _in_order(table: Table, c: Connection) -> Iterator[Any]:
    """Order by the primary key, texts by their bytes: databases differ in what they call order."""
    for column in table.primary_key.columns:
        bytewise = c.dialect.name == "postgresql" and column.type.python_type is str
        yield column.collate("C") if bytewise else column


def _continue_counting(table: Table, c: Connection) -> None:
    """Have PostgreSQL number new rows after those that were copied."""
    key = list(table.primary_key.columns)
    numbered = len(key) == 1 and isinstance(key[0].type, BigInteger)
    if c.dialect.name != "postgresql" or not numbered:
        return
    found = text("SELECT pg_get_serial_sequence(:table, :column)")
    sequence = c.execute(found, {"table": table.name, "column": key[0].name}).scalar()
    newest = c.execute(select(func.max(key[0]))).scalar()
    if sequence is not None and newest is not None:
        c.execute(text("SELECT setval(:name, :newest)"), {"name": sequence, "newest": newest})


def _hex(value: object) -> str:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value)
