"""Opening, migrating and sharing a database."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.errors import OperatorError
from bot.store import runs
from bot.store.database import Database
from bot.store.schema import version as schema
from bot.store.sqlite import SqliteFile, connect
from bot.store.tables import metadata
from tests.store.rows import a_run


async def test_the_migrations_make_the_tables_that_the_code_knows(database: Database) -> None:
    def differences(c: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(c), metadata))

    assert await database.read(differences) == []


def test_the_newest_migration_is_the_head() -> None:
    folder = Path(schema.__file__).parent / "migrations"

    assert ScriptDirectory(str(folder)).get_heads() == [schema.HEAD]


async def test_a_new_file_is_private(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite:///{tmp_path}/new/coppice.sqlite")
    await database.write(lambda c: c.exec_driver_sql("DELETE FROM runs"))

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}

    await database.close()
    assert modes == {
        "new": 0o700,
        "coppice.sqlite": 0o600,
        "coppice.sqlite-wal": 0o600,
        "coppice.sqlite-shm": 0o600,
    }


async def test_an_up_to_date_database_opens_without_alembic(sqlite_url: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from bot.store.database import Database\n"
        "async def main():\n"
        f"    database = await Database.open({sqlite_url!r})\n"
        "    print('alembic' in sys.modules)\n"
        "    await database.close()\n"
        "asyncio.run(main())\n"
    )
    said = subprocess.check_output([sys.executable, "-c", program], text=True)

    assert said == "False\n"


@pytest.mark.parametrize("found", ["0099", "9999", "abc"])
async def test_a_newer_schema_is_refused(sqlite_url: str, tmp_path: Path, found: str) -> None:
    path = tmp_path / "coppice.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (found,))
    connection.close()

    with pytest.raises(OperatorError, match=f"schema {found}"):
        await Database.open(sqlite_url)
    with pytest.raises(OperatorError, match=f"schema {found}"):
        await schema.prepare(SqliteFile(path))


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "coppice.sqlite"
    path.write_bytes(b"not a database, " * 100)

    with pytest.raises(OperatorError, match="not a database"):
        await Database.open(f"sqlite:///{path}")
    with pytest.raises(OperatorError, match="not a database"):
        await schema.prepare(SqliteFile(path))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "mysql://localhost/coppice",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1",
        "sqlite:////proc/coppice.sqlite",
    ],
)
async def test_a_url_that_cannot_be_used_is_an_operators_error(url: str) -> None:
    with pytest.raises(OperatorError):
        await Database.open(url)


async def test_two_processes_may_migrate_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/coppice.sqlite"

    opened = await asyncio.gather(*(Database.open(url) for _ in range(3)))

    for database in opened:
        assert await database.read(lambda c: c.exec_driver_sql("SELECT 1 FROM runs").all()) == []
        await database.close()


def test_a_new_file_that_another_process_writes_to_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "coppice.sqlite"
    with (
        closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other,
        ThreadPoolExecutor(1) as thread,
    ):
        other.execute("CREATE TABLE theirs (n)")
        other.execute("BEGIN IMMEDIATE")
        opening = thread.submit(connect, path)
        with pytest.raises(TimeoutError):
            opening.result(0.2)
        other.execute("COMMIT")
        with closing(opening.result(60)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_the_door_has_another_process_migrate(tmp_path: Path) -> None:
    file = SqliteFile(tmp_path / "coppice.sqlite")

    await schema.prepare(file)
    await schema.prepare(file)

    database = await Database.open(f"sqlite:///{file.path}")
    assert await database.read(lambda c: c.exec_driver_sql("SELECT 1 FROM runs").all()) == []
    await database.close()


async def test_a_query_that_fails_changes_nothing(database: Database) -> None:
    def insert_and_fail(c: Connection) -> None:
        runs.insert(c, a_run())
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(insert_and_fail)

    assert await database.read(runs.listing) == []


async def test_the_log_shrinks_to_nothing_when_nobody_writes(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url)
    assert database.file is not None
    log = database.file.path.with_name("coppice.sqlite-wal")
    await database.write(lambda c: c.exec_driver_sql("DELETE FROM runs"))
    await database.write(
        lambda c: c.exec_driver_sql("INSERT INTO secrets VALUES ('x', randomblob(4000000))")
    )
    written = log.stat().st_size

    async with asyncio.timeout(150):
        while log.stat().st_size:
            await asyncio.sleep(0.1)

    assert (written > 4_000_000, log.stat().st_size) == (True, 0)
    await database.close()


async def test_a_log_that_was_begun_anew_is_used_before_it_is_begun_anew_again(
    sqlite_url: str,
) -> None:
    database = await Database.open(sqlite_url)
    assert database.file is not None
    log = database.file.path.with_name("coppice.sqlite-wal")

    async def begun() -> bytes:
        """Write a little; answer the number of the log's beginning, in its head."""
        await asyncio.sleep(0.05)
        little = "INSERT OR REPLACE INTO secrets VALUES ('y', randomblob(10))"
        await database.write(lambda c: c.exec_driver_sql(little))
        return log.read_bytes()[12:16]

    await database.write(
        lambda c: c.exec_driver_sql("INSERT INTO secrets VALUES ('x', randomblob(5000000))")
    )
    first = log.read_bytes()[12:16]
    async with asyncio.timeout(150):
        while (second := await begun()) == first:
            pass

    assert log.stat().st_size > 5_000_000
    assert {await begun() for _ in range(20)} == {second}
    await database.close()


async def test_what_is_noted_is_there_at_once_and_later_writes_wait_for_the_disk(
    database: Database,
) -> None:
    await database.note(lambda c: runs.insert(c, a_run()))
    durable = "PRAGMA synchronous" if database.file else "SHOW synchronous_commit"

    settings = [
        await database.write(lambda c: c.exec_driver_sql(durable).scalar()),
        await database.note(lambda c: c.exec_driver_sql(durable).scalar()),
        await database.write(lambda c: c.exec_driver_sql(durable).scalar()),
    ]

    assert await database.read(lambda c: runs.get(c, "aaaaaa111111")) == a_run()
    assert settings in ([2, 1, 2], ["on", "off", "on"])
