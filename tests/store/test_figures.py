"""The few numbers that `/metrics` shows: right, and never read from whole tables."""

import time
from typing import Any

import pytest
from sqlalchemy import event

from bot.runs import LIVING, RunStatus, StageRecord, StageStatus
from bot.store import figures, marks, pauses, runs, tables
from bot.store.calls import Call, CallStatus, insert
from bot.store.database import Connection, Database
from tests.midnight import keep_clear
from tests.store.rows import a_run


def a_delivery(c: Connection, guid: str, **values: Any) -> None:
    usual = {"guid": guid, "event": "issues", "received_at": time.time(), "source": "webhook"}
    c.execute(tables.deliveries.insert().values(usual | values))


def a_call(status: CallStatus, at: float, usd: float | None) -> Call:
    return Call(
        run_id="aaaaaa111111",
        stage="implement",
        role="implement",
        attempt=1,
        installation_id=5,
        repository_id=10,
        repository="octo/shop",
        person="ana",
        endpoint="strong",
        model="m",
        api="chat",
        status=status,
        input_tokens=1,
        output_tokens=1,
        usd=usd,
        started_at=at,
    )


async def read(database: Database) -> figures.Figures:
    return await database.read(figures.read)


async def test_an_empty_database_has_nothing_to_tell(database: Database) -> None:
    found = await read(database)

    assert found.deliveries == {"pending": 0, "error": 0, "dead": 0}
    assert found.runs == {status.value: 0 for status in LIVING}
    assert (found.lag, found.usd_today, found.swept_at, found.stages) == (0, 0, None, {})


async def test_open_and_dead_deliveries_are_counted_and_the_oldest_that_is_due_lags(
    database: Database,
) -> None:
    now = time.time()

    def write(c: Connection) -> None:
        a_delivery(c, "done", decision="ignore", received_at=now - 900)
        a_delivery(c, "later", decision="error", received_at=now - 500, due_at=now + 600)
        a_delivery(c, "due", decision="error", received_at=now - 40, due_at=now - 1)
        a_delivery(c, "new", received_at=now - 5)
        a_delivery(c, "dead", decision="dead", received_at=now - 700)

    await database.write(write)

    found = await read(database)

    assert found.deliveries == {"pending": 1, "error": 2, "dead": 1}
    assert 40 <= found.lag < 60


async def test_runs_stages_calls_and_pauses_are_counted(database: Database) -> None:
    keep_clear()
    now = time.time()

    def write(c: Connection) -> None:
        runs.insert(c, a_run("a" * 12, issue=1, created_at=now - 30))
        runs.insert(c, a_run("b" * 12, issue=2, status=RunStatus.RUNNING))
        runs.insert(c, a_run("c" * 12, issue=3, status=RunStatus.DONE, following=True))
        runs.insert(c, a_run("d" * 12, issue=4, status=RunStatus.DONE))
        for name, status in (("plan", StageStatus.PASSED), ("implement", StageStatus.RUNNING)):
            made = StageRecord(run_id="b" * 12, key=name, name=name, attempt=1, status=status)
            runs.save_stage(c, made)
        insert(c, a_call(CallStatus.RESERVED, now, 0.5))
        insert(c, a_call(CallStatus.DONE, now, 0.25))
        insert(c, a_call(CallStatus.REFUSED, now, 9.0))
        insert(c, a_call(CallStatus.DONE, now - 3 * 86400, 7.0))
        pauses.pause(c, 10, "ana", now)
        marks.put(c, "sweep", now)

    await database.write(write)

    found = await read(database)

    assert found.runs == {"planning": 0, "waiting": 0, "verifying": 0, "queued": 1, "running": 1}
    assert (found.following, found.stages, found.calls) == (1, {"implement": 1}, 1)
    assert (found.usd_today, found.paused, found.swept_at) == (0.75, 1, now)
    assert 30 <= found.queued_seconds < 60


SMALL = ("pauses", "marks", "workers", "CONSTANT ROW")
OF_WHAT_IS_OPEN = ("deliveries_open", "deliveries_dead", "stages_running", "calls_reserved")
"""Indexes that leave out what is over; a walk through any other grows with the history."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_statement_walks_through_what_is_over(database: Database) -> None:
    said: list[tuple[str, Any]] = []
    event.listen(
        database.engine, "before_cursor_execute", lambda *a: said.append((str(a[2]), a[3]))
    )
    await read(database)
    statements = [(text, values) for text, values in said if text.startswith("SELECT")]

    def plan(c: Connection) -> list[str]:
        explained = (c.exec_driver_sql(f"EXPLAIN QUERY PLAN {t}", v) for t, v in statements)
        return [str(row[-1]) for rows in explained for row in rows]

    steps = await database.read(plan)

    scans = [step for step in steps if step.startswith("SCAN")]
    allowed = SMALL + OF_WHAT_IS_OPEN
    assert [step for step in scans if not any(name in step for name in allowed)] == []
    assert len(statements) >= 10


async def test_a_lock_that_nobody_holds_has_no_leader(postgresql_url: str) -> None:
    database = await Database.open(postgresql_url)
    lock = (7, -5)

    def hold(c: Connection) -> tuple[bool, bool]:
        before = figures.has_leader(c, lock)
        c.exec_driver_sql("SELECT pg_advisory_lock(7, -5)")
        return before, figures.has_leader(c, lock)

    try:
        assert await database.read(hold) == (False, True)
    finally:
        await database.close()


async def test_a_database_that_can_only_be_read_takes_no_writes(postgresql_url: str) -> None:
    database = await Database.open(postgresql_url)
    try:
        before = await database.read(figures.takes_writes)
        only_reads = "SET default_transaction_read_only = on"

        def look(c: Connection) -> bool:
            c.exec_driver_sql(only_reads)
            return figures.takes_writes(c)

        assert (before, await database.read(look)) == (True, False)
    finally:
        await database.close()


async def test_a_database_that_takes_writes_says_so(database: Database) -> None:
    assert await database.read(figures.takes_writes)
