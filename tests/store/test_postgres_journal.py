"""Deliveries in PostgreSQL: on disk before the answer, in order, once, well after an outage."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator
from functools import partial

import psycopg
import pytest

from bot.intake.journal import Journal
from bot.runs import DecisionKind
from bot.store.database import Database
from bot.store.journal import deliveries
from bot.store.journal.arrivals import Settlement
from bot.store.journal.line import Line
from bot.store.journal.postgres import PostgresWriter
from bot.store.journal.sqlite import NotWritten, Outcome
from bot.store.postgres import DELIVERIES, parameters
from tests.postgres import Server
from tests.store.rows import an_arrival

pytestmark = pytest.mark.slow


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    return postgresql_url


@pytest.fixture
async def writer(database: Database) -> AsyncIterator[PostgresWriter]:
    writer = PostgresWriter(database.url)
    yield writer
    await writer.close()


async def test_a_batch_is_kept_in_its_order(database: Database, writer: PostgresWriter) -> None:
    body = b'{"a": "\\u0000", "b": "\xff"}'
    numbers = await writer.write([an_arrival(f"g{n}", payload=body) for n in (3, 1, 2)], [])

    rows = (await database.read(deliveries.listing))[::-1]
    assert [row.guid for row in rows] == ["g3", "g1", "g2"]
    assert [row.seq for row in rows] == numbers
    found = await database.read(lambda c: deliveries.get(c, "g1"))
    assert found is not None
    assert (found.payload, found.number, found.installation_id) == (body, 7, 5)


async def test_a_body_takes_less_room_than_it_has_bytes(
    writer: PostgresWriter, postgresql_url: str
) -> None:
    await writer.write([an_arrival("g1")._replace(payload=b'{"title": "again"}' * 1000)], [])

    with psycopg.connect(postgresql_url) as connection:
        found = connection.execute(
            "SELECT pg_column_compression(payload), pg_column_size(payload) FROM payloads"
        ).fetchone()
    assert found is not None
    assert found[0] == "lz4"
    assert found[1] < 2000


async def test_what_was_seen_before_is_not_written_again(
    database: Database, writer: PostgresWriter
) -> None:
    (first,) = await writer.write([an_arrival("g1")], [])

    again = await writer.write([an_arrival("g1"), an_arrival("g2"), an_arrival("g2")], [])

    assert isinstance(first, int)
    assert isinstance(again[1], int)
    assert (again[0], again[1] > first, again[2]) == (0, True, 0)
    assert len(await database.read(deliveries.listing)) == 2


async def test_a_decision_is_kept_beside_an_arrival(
    database: Database, writer: PostgresWriter
) -> None:
    (seq,) = await writer.write([an_arrival("g1")], [])
    assert isinstance(seq, int)
    settled = Settlement(seq, DecisionKind.ERROR, 1, "a ? reason", ("run1",), 5.5, b"\0\xff")
    strange = settled._replace(reason="a \udc80 \0reason")  # it may quote what strangers sent

    outcomes = await writer.write([an_arrival("g2")], [strange])

    row = (await database.read(deliveries.listing))[1]
    assert outcomes[1] == 0
    assert [getattr(row, name) for name in Settlement._fields] == list(settled)


async def test_whoever_listens_hears_of_a_delivery_and_not_of_one_seen_before(
    writer: PostgresWriter, postgresql_url: str
) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"LISTEN {DELIVERIES}".encode())

        await writer.write([an_arrival("g1"), an_arrival("g2")], [])
        await writer.write([an_arrival("g1")], [])

        assert len(list(connection.notifies(timeout=60, stop_after=1))) == 1
        assert list(connection.notifies(timeout=0.5)) == []


async def test_what_comes_in_a_moment_after_the_news_is_told_a_moment_later(
    database: Database, postgresql_url: str
) -> None:
    journal = await Journal.open(database.url)
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"LISTEN {DELIVERIES}".encode())

        await journal.enter(an_arrival("g1"))
        await journal.enter(an_arrival("g2"))

        # each with its commit, or the second 20 ms after the first
        heard = connection.notifies(timeout=60, stop_after=2)
        assert len(await asyncio.to_thread(list, heard)) == 2
    await journal.close()


async def test_a_connection_that_was_cut_is_made_anew(
    writer: PostgresWriter, postgresql_url: str
) -> None:
    await writer.write([an_arrival("g1")], [])
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        while connection.execute(_END_THE_WRITERS).fetchall():
            await asyncio.sleep(0)

        (well,) = await _written_in_the_end(writer, "g2")

        found = connection.execute("SELECT guid FROM deliveries ORDER BY seq").fetchall()
    assert isinstance(well, int)
    assert found == [("g1",), ("g2",)]


_END_THE_WRITERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = 'coppice-journal' AND datname = current_database()"
)


async def _written_in_the_end(writer: PostgresWriter, guid: str) -> list[Outcome]:
    """The first try may meet a connection whose end was not seen yet."""
    outcomes = await writer.write([an_arrival(guid)], [])
    return outcomes if isinstance(outcomes[0], int) else await writer.write([an_arrival(guid)], [])


async def test_the_end_of_a_connection_is_seen_while_nothing_is_written(
    database: Database, postgresql_url: str
) -> None:
    line = await Line.open(parameters(database.url, name="journal", statement_seconds=5), 9.0)
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(_END_THE_WRITERS)

    async with asyncio.timeout(60):
        while not line.closed:
            await asyncio.sleep(0.01)
    await line.close()


async def test_bodies_larger_than_what_the_network_takes_at_once(
    database: Database, writer: PostgresWriter
) -> None:
    bodies = [bytes([n]) * 9_000_000 for n in range(4)]
    arrivals = [an_arrival(f"g{n}")._replace(payload=body) for n, body in enumerate(bodies)]

    await writer.write(arrivals, [])

    for n, body in enumerate(bodies):
        found = await database.read(partial(deliveries.get, guid=f"g{n}"))
        assert found is not None
        assert found.payload == body


async def test_a_database_that_may_only_be_read_writes_nothing_until_it_is_well(
    writer: PostgresWriter, postgresql_url: str
) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("ALTER ROLE postgres SET default_transaction_read_only = on")
    try:
        (refused,) = await writer.write([an_arrival("g1")], [])
    finally:
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute("ALTER ROLE postgres RESET default_transaction_read_only")
    (well,) = await writer.write([an_arrival("g1")], [])

    assert isinstance(refused, NotWritten)
    assert "read-only" in str(refused)
    assert isinstance(well, int)


async def test_a_server_that_hangs_up_is_asked_once_a_second() -> None:
    asked: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_hang_up, args=(door, asked), daemon=True).start()
        writer = PostgresWriter(f"postgresql://nobody@127.0.0.1:{door.getsockname()[1]}/none")
        began = time.monotonic()

        outcomes = [(await writer.write([an_arrival("g1")], []))[0] for _ in range(100)]

        seconds = time.monotonic() - began
    assert {type(outcome) for outcome in outcomes} == {NotWritten}
    assert 1 <= len(asked) <= 2 * (seconds + 1)  # libpq asks a second time, without encryption
    await writer.close()


def _hang_up(door: socket.socket, asked: list[float]) -> None:
    with contextlib.suppress(OSError):  # the test is over
        while True:
            line, _ = door.accept()
            asked.append(time.monotonic())
            line.close()


async def test_a_server_that_falls_silent_is_hung_up_on(postgresql_server: Server) -> None:
    writer = PostgresWriter(postgresql_server.fresh(), longest=1.0)
    await writer.write([an_arrival("g1")], [])
    with postgresql_server.frozen("coppice-journal"):
        writing = asyncio.create_task(writer.write([an_arrival("g2")], []))
        turns = 0
        while not writing.done():  # the process has other things to do meanwhile
            await asyncio.sleep(0.01)
            turns += 1
        (silent,) = await writing

    (well,) = await writer.write([an_arrival("g2")], [])

    assert isinstance(silent, NotWritten)
    assert "no answer within 1 s" in str(silent)
    assert turns > 5
    assert isinstance(well, int)
    await writer.close()


async def test_a_journal_writes_what_is_waiting_before_it_closes(database: Database) -> None:
    journal = await Journal.open(database.url)
    entering = [journal.enter(an_arrival(f"g{n}")) for n in range(200)]

    await journal.close()

    assert await asyncio.gather(*entering) == sorted(future.result() for future in entering)
    assert len(await database.read(deliveries.listing)) == 200
    with pytest.raises(NotWritten, match="closed"):
        await journal.enter(an_arrival("late"))
