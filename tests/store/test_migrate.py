"""From an older schema to this one: nothing lost, nothing half, a way back."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Timer

import psycopg
import pytest
from sqlalchemy import create_engine, inspect

from bot.errors import OperatorError
from bot.store.database import Database, parse_url
from bot.store.schema.migrate import revision, upgrade
from bot.store.schema.version import HEAD
from bot.store.sqlite import copy_beside
from bot.store.tables import metadata
from tests.postgres import shared

pytestmark = pytest.mark.slow

OLD = "0002"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of an older version, with a row in it."""
    path = tmp_path / "coppice.sqlite"
    url = f"sqlite:///{path}" if request.param == "sqlite" else shared().empty()
    change(url, lambda c: upgrade(c, OLD), "INSERT INTO secrets VALUES ('marker', 'kept')")
    if request.param == "sqlite":
        path.chmod(0o600)
    return url


def change(url: str, *steps: object) -> None:
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        for step in steps:
            if isinstance(step, str):
                connection.exec_driver_sql(step)
            elif callable(step):
                step(connection)
    engine.dispose()


def state(url: str) -> tuple[str | None, set[str]]:
    """Answer the schema that a database says it has, and its tables."""
    engine = create_engine(parse_url(url))
    with engine.connect() as connection:
        found = revision(connection), set(inspect(connection).get_table_names())
    engine.dispose()
    return found


async def test_an_older_database_is_brought_up_with_what_is_in_it(old_url: str) -> None:
    database = await Database.open(old_url)

    assert await database.read(revision) == HEAD
    assert database.migration.found == OLD
    kept = "SELECT count(*) FROM secrets WHERE name = 'marker'"
    assert await database.read(lambda c: c.exec_driver_sql(kept).scalar()) == 1
    await database.close()


async def test_an_sqlite_file_is_copied_first(tmp_path: Path) -> None:
    path = tmp_path / "coppice.sqlite"
    change(f"sqlite:///{path}", lambda c: upgrade(c, OLD))

    database = await Database.open(f"sqlite:///{path}")
    await database.close()

    copy = tmp_path / f"coppice.sqlite.schema-{OLD}"
    assert database.migration.backup == copy
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert state(f"sqlite:///{copy}")[0] == OLD
    assert sorted(p.name for p in tmp_path.iterdir()) == ["coppice.sqlite", copy.name]


async def test_a_new_file_leaves_no_copy(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite:///{tmp_path}/coppice.sqlite")
    await database.close()

    assert [path.name for path in tmp_path.iterdir()] == ["coppice.sqlite"]


async def test_a_copy_that_cannot_be_written_stops_the_migration(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/coppice.sqlite"
    change(url, lambda c: upgrade(c, OLD))
    (tmp_path / f"coppice.sqlite.schema-{OLD}").mkdir()

    with pytest.raises(OperatorError, match="cannot be copied"):
        await Database.open(url)

    assert state(url)[0] == OLD


async def test_what_a_migration_left_half_way_is_made_anew_where_nothing_is_in_it(
    old_url: str,
) -> None:
    change(old_url, "CREATE TABLE pauses (repository_id INTEGER)")

    database = await Database.open(old_url)

    assert database.migration.mended == ("table pauses",)
    await database.close()
    found, tables = state(old_url)
    assert found == HEAD
    assert set(metadata.tables) <= tables


async def test_what_was_left_half_way_with_data_in_it_is_named_and_kept(old_url: str) -> None:
    change(old_url, "CREATE TABLE pauses (a INTEGER)", "INSERT INTO pauses VALUES (1)")
    before = state(old_url)

    with pytest.raises(OperatorError, match=f"schema {OLD}, but has table pauses of schema"):
        await Database.open(old_url)

    assert state(old_url) == before


async def test_tables_without_a_schema_number_are_not_taken_for_an_empty_database(
    old_url: str,
) -> None:
    change(old_url, "DROP TABLE alembic_version")

    with pytest.raises(OperatorError, match="table secrets"):
        await Database.open(old_url)


async def test_a_migration_that_is_killed_is_done_by_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "coppice.sqlite"
    url = f"sqlite:///{path}"
    change(url, lambda c: upgrade(c, OLD))
    for tenths in range(4, 14, 2):
        process = subprocess.Popen([sys.executable, "-m", "bot.store", path], cwd=ROOT)
        Timer(tenths / 10, process.kill).start()
        process.wait()
        assert state(url)[0] in (OLD, HEAD)

    await (await Database.open(url)).close()

    assert state(url)[0] == HEAD


async def test_a_migration_waits_for_a_table_that_is_in_use() -> None:
    url = shared().empty()
    change(url, lambda c: upgrade(c, "0001"))
    with psycopg.connect(url) as busy:
        busy.execute("LOCK TABLE alembic_version IN SHARE MODE")
        opening = asyncio.create_task(Database.open(url))
        await asyncio.sleep(1)
        assert not opening.done()

    database = await opening

    assert await database.read(revision) == HEAD
    await database.close()


def migrate(folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    named = {"COPPICE_DATABASE_URL": url, "COPPICE_DATA_DIR": str(folder)}
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **named}
    command = [sys.executable, "-m", "bot", "migrate"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_command_says_where_the_copy_is(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/coppice.sqlite"
    change(url, lambda c: upgrade(c, OLD))

    done = migrate(tmp_path, url)

    assert done.returncode == 0
    assert f"copied to {tmp_path}/coppice.sqlite.schema-{OLD} as it was" in done.stdout
    assert f"at schema {HEAD}" in done.stdout


def test_a_newer_schema_is_refused_by_the_command(postgresql_url: str, tmp_path: Path) -> None:
    change(postgresql_url, "UPDATE alembic_version SET version_num = '9999'")

    done = migrate(tmp_path, postgresql_url)

    assert done.returncode == 2
    assert "made by a newer version" in done.stderr
    assert state(postgresql_url)[0] == "9999"


def test_the_copy_can_be_read_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t AS SELECT 7 AS x")
        connection.commit()

        copy = copy_beside(path, "copy")

    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT x FROM t").fetchall() == [(7,)]
