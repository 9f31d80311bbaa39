"""Outages pass: queries wait for them, and what was committed in one is not done twice."""

import asyncio
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bot.store.database import Database
from tests.postgres import Server


class Line:
    """A line to a server that breaks once, before or behind a commit."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.breaks: str | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._path)
                threading.Thread(target=self._up, args=(near, far), daemon=True).start()
                threading.Thread(target=self._down, args=(far, near), daemon=True).start()

    def _up(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := near.recv(65536):
                when = self.breaks if b"COMMIT" in data else None
                if when:
                    self.breaks = None
                    near.shutdown(socket.SHUT_RDWR)
                if when != "before":
                    far.sendall(data)
                if when:
                    time.sleep(0.3)
                    break
        far.close()

    @staticmethod
    def _down(far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while data := far.recv(65536):
                near.sendall(data)
        near.close()

    def close(self) -> None:
        self._listening.close()


@contextmanager
def line_to(url: str) -> Iterator[tuple[Line, str]]:
    parts = conninfo_to_dict(url)
    line = Line(f"{parts['host']}/.s.PGSQL.5432")
    try:
        yield line, f"postgresql://postgres@127.0.0.1:{line.port}/{parts['dbname']}?sslmode=disable"
    finally:
        line.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(150):
        while not true():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("when", ["before", "behind"])
async def test_a_line_that_breaks_in_a_commit_costs_nothing_and_doubles_nothing(
    postgresql_url: str, when: str
) -> None:
    with line_to(postgresql_url) as (line, url):
        database = await Database.open(url)
        line.breaks = when

        await database.write(lambda c: c.exec_driver_sql("INSERT INTO marks VALUES ('a', 1)"))

        count = "SELECT count(*) FROM marks"
        assert line.breaks is None
        assert await database.read(lambda c: c.exec_driver_sql(count).scalar()) == 1
        await database.close()


async def test_queries_wait_for_a_server_that_is_away(postgresql_server: Server) -> None:
    database = await Database.open(postgresql_server.fresh(), patience=60)
    await asyncio.to_thread(postgresql_server.stop)
    waiting = asyncio.create_task(database.read(lambda c: c.exec_driver_sql("SELECT 7").scalar()))
    await until(lambda: database.away)
    assert not waiting.done()

    await asyncio.to_thread(postgresql_server.start)

    assert await waiting == 7
    assert not database.away
    await database.close()


async def test_what_may_only_be_read_for_a_while_is_written_later(
    postgresql_server: Server,
) -> None:
    url = postgresql_server.fresh()
    name = conninfo_to_dict(url)["dbname"]
    postgresql_server.ask(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    database = await Database.open(url, patience=60)
    refused = asyncio.Event()
    loop = asyncio.get_running_loop()

    def write(c: Connection) -> None:
        try:
            c.exec_driver_sql("INSERT INTO marks VALUES ('a', 1)")
        except DBAPIError:
            loop.call_soon_threadsafe(refused.set)
            raise

    writing = asyncio.create_task(database.write(write))
    await refused.wait()

    postgresql_server.ask(f"ALTER DATABASE {name} RESET default_transaction_read_only")

    async with asyncio.timeout(150):
        await writing
    await database.close()


async def test_patience_ends(postgresql_server: Server) -> None:
    database = await Database.open(postgresql_server.fresh(), patience=0.5)
    await asyncio.to_thread(postgresql_server.stop)

    with pytest.raises(DBAPIError):
        await database.read(lambda c: c.exec_driver_sql("SELECT 7").scalar())

    await database.close()


async def test_what_waits_is_given_up_when_the_database_is_closed(
    postgresql_server: Server,
) -> None:
    database = await Database.open(postgresql_server.fresh(), patience=3600)
    await asyncio.to_thread(postgresql_server.stop)
    waiting = asyncio.create_task(database.read(lambda c: c.exec_driver_sql("SELECT 7").scalar()))
    await until(lambda: database.away)

    await database.close()

    with pytest.raises(DBAPIError):
        await waiting


async def test_a_mistake_is_not_tried_again(database: Database) -> None:
    tries = []

    def ask(c: Connection) -> None:
        tries.append(1)
        c.exec_driver_sql("SELECT nonsense")

    with pytest.raises(DBAPIError):
        await database.read(ask)

    assert tries == [1]


async def test_a_full_disk_is_waited_out(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite:///{tmp_path}/coppice.sqlite", patience=60)

    def fill(c: Connection) -> None:
        if not (tmp_path / "room").exists():
            full = c.connection.driver_connection
            assert isinstance(full, sqlite3.Connection)
            full.execute(f"PRAGMA max_page_count={full.execute('PRAGMA page_count').fetchone()[0]}")
        else:
            c.exec_driver_sql("PRAGMA max_page_count=1000000")
        c.exec_driver_sql("INSERT INTO secrets VALUES ('a', randomblob(1000000))")

    writing = asyncio.create_task(database.write(fill))
    await asyncio.sleep(0.5)
    assert not writing.done()
    (tmp_path / "room").touch()

    async with asyncio.timeout(150):
        await writing
    await database.close()
