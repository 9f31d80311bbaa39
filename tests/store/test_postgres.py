"""What is said where PostgreSQL cannot be used, and that passwords are not."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bot.errors import OperatorError
from bot.store.database import Database
from bot.store.postgres import is_outage, parameters
from bot.store.schema import postgres as postgres_schema
from bot.store.schema.postgres import refuse_old
from tests.postgres import Server, running

pytestmark = pytest.mark.slow

PASSWORD = "hunter2-/-@-x"
QUOTED = "hunter2-%2F-%40-x"


@pytest.fixture(scope="module")
def locked() -> Iterator[Server]:
    """A server that asks one of its users for a password."""
    with running() as server:
        server.ask(f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'")
        rules = server.folder / "data" / "pg_hba.conf"
        rules.write_text(f"local all guest scram-sha-256\n{rules.read_text()}")
        server.ask("SELECT pg_reload_conf()")
        yield server


async def refusals(url: str) -> list[str]:
    """What a service says at its start, and what the process says that stays small."""
    with pytest.raises(OperatorError) as service:
        await Database.open(url)
    with pytest.raises(OperatorError) as small:
        await postgres_schema.prepare(url)
    said = [str(service.value), str(small.value)]
    assert not any("hunter2" in line for line in said)
    return said


async def test_a_wrong_password_is_named_and_not_shown(locked: Server) -> None:
    for said in await refusals(locked.url(user="guest:hunter2")):
        assert "password authentication failed" in said
        assert "COPPICE_DATABASE_URL is wrong" in said


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://guest:{PASSWORD}@127.0.0.1/coppice",
        "postgresql://guest:hunter2@x@127.0.0.1/coppice",
        "postgresql://guest:hunter2%zz@127.0.0.1/coppice",
        "postgresql://guest:hunter2@127.0.0.1/coppice?nonsense=1",
    ],
)
async def test_an_address_that_cannot_be_read_is_not_repeated(url: str) -> None:
    for said in await refusals(url):
        assert "%40" in said


async def test_a_server_that_is_not_there_is_named() -> None:
    for said in await refusals(f"postgresql://guest:{QUOTED}@127.0.0.1:1/coppice"):
        assert "127.0.0.1" in said
        assert "is it running" in said


async def test_a_database_that_is_not_there_is_named(locked: Server) -> None:
    for said in await refusals(locked.url("nowhere")):
        assert 'database "nowhere" does not exist' in said
        assert "createdb" in said


async def test_missing_rights_are_named_with_what_grants_them(locked: Server) -> None:
    url = locked.url(user=f"guest:{QUOTED}")

    for said in await refusals(url):
        assert "permission denied for schema public" in said
        assert "GRANT USAGE, CREATE ON SCHEMA public" in said


async def test_with_the_rights_it_works(locked: Server) -> None:
    locked.ask("CREATE DATABASE theirs OWNER guest")

    database = await Database.open(locked.url("theirs", user=f"guest:{QUOTED}"))

    assert await database.read(lambda c: c.exec_driver_sql("SELECT 1 FROM runs").all()) == []
    await database.close()


def test_a_server_that_is_too_old_is_refused() -> None:
    refuse_old(140000)
    with pytest.raises(OperatorError, match="PostgreSQL 13"):
        refuse_old(130012)


def test_time_limits_are_added_to_what_the_address_says() -> None:
    url = "postgresql+psycopg://a@b/c?connect_timeout=2&options=-csearch_path%3Dx"

    found = parameters(url, name="store", statement_seconds=1.5)

    assert (found["connect_timeout"], found["application_name"]) == ("2", "coppice-store")
    assert found["options"] == "-c statement_timeout=1500 -csearch_path=x"


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (psycopg.OperationalError("the connection is closed"), True),
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.ReadOnlySqlTransaction(), True),
        (psycopg.errors.DiskFull(), True),
        (psycopg.errors.UniqueViolation(), False),
        (psycopg.errors.UndefinedTable(), False),
        (LookupError(), False),
    ],
)
def test_outages_are_told_from_mistakes(error: Exception, passes: bool) -> None:
    assert is_outage(error) is passes


def test_the_small_process_loads_no_sqlalchemy(postgresql_url: str) -> None:
    program = (
        "import asyncio, sys, bot.cli.serve\n"
        "from bot.intake.journal import Journal\n"
        "from bot.store.schema import version as schema\n"
        "async def main():\n"
        f"    journal = await Journal.open(await schema.prepare_any({postgresql_url!r}))\n"
        "    await journal.close()\n"
        "asyncio.run(main())\n"
        "print(*sys.modules)\n"
    )
    root = Path(__file__).resolve().parents[2]
    environment = {"PATH": os.environ["PATH"]}

    said = subprocess.check_output(
        [sys.executable, "-c", program], text=True, cwd=root, env=environment
    )

    loaded = {name.partition(".")[0] for name in said.split()}
    assert loaded.isdisjoint({"alembic", "dbos", "pydantic", "sqlalchemy"})
    assert "psycopg" in loaded
