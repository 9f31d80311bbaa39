"""What the engine records while its database takes no writes: the run waits, and goes on."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from dbos import DBOS, SetWorkflowID
from psycopg.conninfo import conninfo_to_dict

from bot.engine.durable import system
from bot.engine.durable.steps import register, step
from bot.store.database import Database
from tests.postgres import Server

pytestmark = pytest.mark.slow
PATIENCE = 150.0
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '{}%'"


@asynccontextmanager
async def launched(url: str, folder: Path) -> AsyncIterator[sa.Engine]:
    """Run the engine as the service does; answer what it reaches its tables by."""
    database = await Database.open(url)
    configuration = system.configuration(database, folder / "engine.sqlite", "local")
    engine = configuration["system_database_engine"]
    assert engine is not None
    DBOS(config={**configuration, "log_level": "CRITICAL"})
    try:
        yield engine
    finally:
        DBOS.destroy(destroy_registry=True)
        engine.dispose()
        await database.close()


async def goes_on(engine: sa.Engine, spoil: Callable[[], Any], heal: Callable[[], Any]) -> None:
    """Spoil the database inside a step, heal it once that was met, and see the run to its end."""
    loop, met = asyncio.get_running_loop(), asyncio.Event()

    @sa.event.listens_for(engine, "handle_error")
    def note(_: sa.engine.ExceptionContext) -> None:
        loop.call_soon_threadsafe(met.set)

    async def act(n: int) -> str:
        if n == 1:
            await asyncio.to_thread(spoil)
        return "x" * 100_000

    async def body(_: str) -> str:
        for n in range(3):
            await step(f"step-{n}", act, n)
        return "done"

    workflow = register("spoilt", None, body)
    DBOS.launch()
    with SetWorkflowID("one"):
        run = await DBOS.start_workflow_async(workflow, "one")
    async with asyncio.timeout(PATIENCE):
        await met.wait()

    await asyncio.to_thread(heal)

    async with asyncio.timeout(PATIENCE):
        assert await run.get_result(polling_interval_sec=0.1) == "done"


async def test_postgresql_that_may_only_be_read_for_a_while_ends_no_run(
    postgresql_server: Server, tmp_path: Path
) -> None:
    url = postgresql_server.fresh(engine=True)
    name = conninfo_to_dict(url)["dbname"]

    def spoil() -> None:
        postgresql_server.ask(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        postgresql_server.ask(CUT.format("coppice-engine"))

    def heal() -> None:
        postgresql_server.ask(f"ALTER DATABASE {name} RESET default_transaction_read_only")

    async with launched(url, tmp_path) as engine:
        await goes_on(engine, spoil, heal)


@pytest.mark.sqlite
async def test_a_full_disk_under_sqlite_ends_no_run(tmp_path: Path) -> None:
    room = [1_000_000]

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={room[0]}")

    async with launched(f"sqlite:///{tmp_path}/coppice.sqlite", tmp_path) as engine:
        sa.event.listen(engine, "checkout", limit)
        await goes_on(engine, lambda: room.__setitem__(0, 1), lambda: room.__setitem__(0, 10**6))


async def test_the_engine_reaches_postgresql_with_time_limits(
    postgresql_url: str, tmp_path: Path
) -> None:
    url = f"{postgresql_url}&keepalives_idle=7"

    async with launched(url, tmp_path) as engine:
        with engine.connect() as connection:
            told = connection.exec_driver_sql(
                "SELECT name, setting FROM pg_settings WHERE name IN ('application_name',"
                " 'statement_timeout', 'idle_in_transaction_session_timeout')"
            )
            settings = {row.name: row.setting for row in told}
            info = connection.connection.driver_connection.info  # type: ignore[union-attr]
            parameters = info.get_parameters()

    assert settings == {
        "application_name": "coppice-engine",
        "statement_timeout": "600000",
        "idle_in_transaction_session_timeout": "10000",
    }
    assert {name: parameters[name] for name in ("connect_timeout", "tcp_user_timeout")} == {
        "connect_timeout": "5",
        "tcp_user_timeout": "8000",
    }
    assert parameters["keepalives_idle"] == "7"
