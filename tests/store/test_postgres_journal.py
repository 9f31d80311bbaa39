"""Deliveries in PostgreSQL: on disk before the answer, in order, once, well after an outage."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from bot.intake.journal import Journal
from bot.runs import DecisionKind
from bot.store.database import Database
from bot.store.journal import deliveries
from bot.store.journal.arrivals import Settlement
from bot.store.journal.postgres import PostgresWriter
from bot.store.journal.sqlite import NotWritten
from bot.store.postgres import DELIVERIES
from tests.postgres import Server
from tests.store.rows import an_arrival

pytestmark = pytest.mark.slow


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    return postgresql_url


@pytest.fixture
def writer(database: Database) -> Iterator[PostgresWriter]:
    writer = PostgresWriter(database.url)
    yield writer
    writer.close()


async def test_a_batch_is_kept_in_its_order(database: Database, writer: PostgresWriter) -> None:
    body = b'{"a": "\\u0000", "b": "\xff"}'
    numbers = writer.write([an_arrival(f"g{n}", payload=body) for n in (3, 1, 2)], [])

    rows = (await database.read(deliveries.listing))[::-1]
    assert [row.guid for row in rows] == ["g3", "g1", "g2"]
    assert [row.seq for row in rows] == numbers
    found = await database.read(lambda c: deliveries.get(c, "g1"))
    assert found is not None
    assert (found.payload, found.number, found.installation_id) == (body, 7, 5)


async def test_a_body_takes_less_room_than_it_has_bytes(
    writer: PostgresWriter, postgresql_url: str
) -> None:
    writer.write([an_arrival("g1")._replace(payload=b'{"title": "again"}' * 1000)], [])

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
    (first,) = writer.write([an_arrival("g1")], [])

    again = writer.write([an_arrival("g1"), an_arrival("g2"), an_arrival("g2")], [])

    assert isinstance(first, int)
    assert isinstance(again[1], int)
    assert (again[0], again[1] > first, again[2]) == (0, True, 0)
    assert len(await database.read(deliveries.listing)) == 2


async def test_a_decision_is_kept_beside_an_arrival(
    database: Database, writer: PostgresWriter
) -> None:
    (seq,) = writer.write([an_arrival("g1")], [])
    assert isinstance(seq, int)
    settled = Settlement(seq, DecisionKind.ERROR, 1, "a ? reason", ("run1",), 5.5, b"\0\xff")
    strange = settled._replace(reason="a \udc80 \0reason")  # it may quote what strangers sent

    outcomes = writer.write([an_arrival("g2")], [strange])

    row = (await database.read(deliveries.listing))[1]
    assert outcomes[1] == 0
    assert [getattr(row, name) for name in Settlement._fields] == list(settled)


def test_whoever_listens_hears_of_a_delivery_and_not_of_one_seen_before(
    writer: PostgresWriter, postgresql_url: str
) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"LISTEN {DELIVERIES}".encode())

        writer.write([an_arrival("g1"), an_arrival("g2")], [])
        writer.write([an_arrival("g1")], [])

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
        assert len(list(connection.notifies(timeout=60, stop_after=2))) == 2
    await journal.close()


def test_a_connection_that_was_cut_is_made_anew(
    writer: PostgresWriter, postgresql_url: str
) -> None:
    writer.write([an_arrival("g1")], [])
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'coppice-journal' AND datname = current_database()"
        )

    (cut,) = writer.write([an_arrival("g2")], [])
    (well,) = writer.write([an_arrival("g2")], [])

    assert isinstance(cut, NotWritten)
    assert isinstance(well, int)


def test_a_database_that_may_only_be_read_writes_nothing_until_it_is_well(
    writer: PostgresWriter, postgresql_url: str
) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("ALTER ROLE postgres SET default_transaction_read_only = on")
    try:
        (refused,) = writer.write([an_arrival("g1")], [])
    finally:
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute("ALTER ROLE postgres RESET default_transaction_read_only")
    (well,) = writer.write([an_arrival("g1")], [])

    assert isinstance(refused, NotWritten)
    assert "read-only" in str(refused)
    assert isinstance(well, int)


def test_a_server_that_hangs_up_is_asked_once_a_second() -> None:
    asked: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_hang_up, args=(door, asked), daemon=True).start()
        writer = PostgresWriter(f"postgresql://nobody@127.0.0.1:{door.getsockname()[1]}/none")
        began = time.monotonic()

        outcomes = [writer.write([an_arrival("g1")], [])[0] for _ in range(100)]

        seconds = time.monotonic() - began
    assert {type(outcome) for outcome in outcomes} == {NotWritten}
    assert 1 <= len(asked) <= 2 * (seconds + 1)  # libpq asks a second time, without encryption
    writer.close()


def _hang_up(door: socket.socket, asked: list[float]) -> None:
    with contextlib.suppress(OSError):  # the test is over
        while True:
            line, _ = door.accept()
            asked.append(time.monotonic())
            line.close()


def test_a_server_that_falls_silent_is_hung_up_on(postgresql_server: Server) -> None:
    writer = PostgresWriter(postgresql_server.fresh(), longest=1.0)
    writer.write([an_arrival("g1")], [])
    began = time.monotonic()
    with postgresql_server.frozen("coppice-journal"):
        (silent,) = writer.write([an_arrival("g2")], [])
    took = time.monotonic() - began

    (well,) = writer.write([an_arrival("g2")], [])

    assert isinstance(silent, NotWritten)
    assert 0.9 < took < 20
    assert well != silent
    writer.close()
