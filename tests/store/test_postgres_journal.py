"""Deliveries in PostgreSQL: on disk before the answer, in order, once, well after an outage."""

from collections.abc import Iterator

import pytest

from bot.runs import DecisionKind
from bot.store import deliveries
from bot.store.arrivals import Arrival, Settlement
from bot.store.database import Database, parse_url
from bot.store.journal import NotWritten
from bot.store.postgres_journal import APPLICATION, PostgresWriter


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    return postgresql_url


@pytest.fixture
def writer(database: Database, postgresql_url: str) -> Iterator[PostgresWriter]:
    writer = PostgresWriter(parse_url(postgresql_url))
    yield writer
    writer.close()


def arrival(guid: str, payload: bytes = b'{"a": "\\u0000"}') -> Arrival:
    return Arrival(guid, "issues", None, "a/b", 77, 7, None, 1.5, "webhook", payload)


async def test_a_batch_is_kept_in_its_order(database: Database, writer: PostgresWriter) -> None:
    numbers = writer.write([arrival(f"g{n}") for n in (3, 1, 2)], [])

    rows = (await database.read(deliveries.listing))[::-1]
    assert [row.guid for row in rows] == ["g3", "g1", "g2"]
    assert [row.seq for row in rows] == numbers
    found = await database.read(lambda c: deliveries.get(c, "g1"))
    assert found is not None
    assert (found.payload, found.number, found.installation_id) == (b'{"a": "\\u0000"}', 7, None)


async def test_what_was_seen_before_is_not_written_again(
    database: Database, writer: PostgresWriter
) -> None:
    (first,) = writer.write([arrival("g1", b"first")], [])

    again = writer.write([arrival("g1", b"x"), arrival("g2"), arrival("g2", b"y")], [])

    assert (again[0], again[2]) == (0, 0)
    assert isinstance(again[1], int)
    assert again[1] > (first if isinstance(first, int) else 0)
    rows = await database.read(deliveries.listing)
    assert len(rows) == 2


async def test_a_decision_is_kept(database: Database, writer: PostgresWriter) -> None:
    (seq,) = writer.write([arrival("g1")], [])
    assert isinstance(seq, int)

    writer.write([], [Settlement(seq, DecisionKind.START, 1, None, ("run1",))])

    (row,) = await database.read(deliveries.listing)
    assert (row.decision, row.attempts, row.runs) == (DecisionKind.START, 1, ("run1",))


async def test_a_server_that_cut_the_connection_is_reached_again(
    database: Database, writer: PostgresWriter
) -> None:
    writer.write([arrival("g1")], [])
    await database.write(
        lambda c: c.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE application_name = '{APPLICATION}'"
        )
    )

    (cut,) = writer.write([arrival("g2")], [])
    (well,) = writer.write([arrival("g2")], [])

    assert isinstance(cut, NotWritten)
    assert isinstance(well, int)


def test_a_server_that_is_not_there_writes_nothing() -> None:
    writer = PostgresWriter(parse_url("postgresql://nobody@127.0.0.1:1/none"))

    (outcome,) = writer.write([arrival("g1")], [])

    assert isinstance(outcome, NotWritten)
