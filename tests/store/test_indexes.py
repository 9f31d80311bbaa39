"""Lists and look-ups stay as fast with a million rows: SQLite says which index each one takes."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from bot.store import audit, calls, runs
from bot.store.database import Connection, Database
from bot.store.journal import deliveries
from tests.store.test_tenancy import OF_A_TENANT
from tests.store.town import ONE, fill_both

LARGE = ("runs", "stages", "events", "calls", "deliveries", "payloads", "ledger", "audit")
_SCAN = re.compile(rf"^SCAN (?:{'|'.join(LARGE)})(?! USING (?:INTEGER PRIMARY KEY|(?:\w+ )*INDEX))")
_SORT = "USE TEMP B-TREE FOR ORDER BY"

LISTS: dict[str, Callable[[Connection], Any]] = {
    "runs": lambda c: runs.listing(c, 50),
    "deliveries": lambda c: deliveries.listing(c, 50),
    "audit": lambda c: audit.listing(c, 50),
    "audit of a run": lambda c: audit.listing(c, 50, ONE.run_id),
    "living runs": runs.all_living,
    "a run by its first letters": lambda c: runs.get(c, ONE.run_id[:6]),
    "what waits": deliveries.waiting,
    "what was put back": deliveries.any_requeued,
    "what never came": lambda c: deliveries.unknown(c, ["a", "b"]),
    "calls of a run": lambda c: calls.spend_by_model(c, ONE.run_id),
}
IN_ORDER = {"deliveries", "audit"}
"""Read from the end of the table, and no further than the list is long."""
WRITES = {"ledger.void_installation"}
"""Its test writes to the whole table first, which the query itself does not."""


@contextmanager
def statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Hear of every query that is made."""
    heard: list[tuple[str, Any]] = []

    def hear(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            heard.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(database.engine, "before_cursor_execute", hear)


async def plans(database: Database, query: Callable[[Connection], Any]) -> list[str]:
    """Say how SQLite carries out every statement of a query."""
    with statements(database) as heard:
        await database.write(query)

    def explain(c: Connection) -> list[str]:
        return [
            str(row[3])
            for statement, parameters in heard
            for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]

    return await database.read(explain)


@pytest.fixture
async def filled(sqlite_url: str) -> Any:
    database = await Database.open(sqlite_url)
    await database.write(fill_both)
    yield database
    await database.close()


@pytest.mark.parametrize("name", sorted({*LISTS} - IN_ORDER))
async def test_a_list_reads_no_whole_table(filled: Database, name: str) -> None:
    told = await plans(filled, LISTS[name])

    assert told != []
    assert [line for line in told if _SCAN.match(line)] == []


@pytest.mark.parametrize("name", ["runs", "deliveries", "audit", "audit of a run"])
async def test_a_list_is_not_sorted_as_a_whole(filled: Database, name: str) -> None:
    told = await plans(filled, LISTS[name])

    assert [line for line in told if line == _SORT] == []


@pytest.mark.parametrize("name", sorted({*OF_A_TENANT} - WRITES))
async def test_a_query_of_a_tenant_reads_no_whole_table(filled: Database, name: str) -> None:
    told = await plans(filled, lambda c: OF_A_TENANT[name](c, ONE))

    assert [line for line in told if _SCAN.match(line)] == []
