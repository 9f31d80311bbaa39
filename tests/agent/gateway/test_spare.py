"""What is set aside for an attempt's next call: it spares the wait, and never a dollar."""

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.agent.runtime import Role
from bot.runs import Budget, Budgets
from bot.store import calls, tables
from bot.store.calls import CallStatus
from bot.store.database import Connection, Database
from tests.agent.gateway.test_metering import CHAT_USAGE
from tests.agent.gateway.world import (
    Answer,
    Host,
    a_job,
    an_endpoint,
    gateway_of,
    meeting,
    opened,
    rows,
)
from tests.midnight import keep_clear

GOOD = Answer.of({"choices": [{}], "usage": CHAT_USAGE})
SPARE = ["done", "spare"]


async def statuses(database: Database) -> list[str]:
    def read(c: Connection) -> list[str]:
        return list(c.execute(select(tables.calls.c.status).order_by(tables.calls.c.seq)).scalars())

    return await database.read(read)


async def written(database: Database, wanted: list[str]) -> None:
    """Wait until the disk has what nobody waits for."""
    async with asyncio.timeout(150):
        while await statuses(database) != wanted:
            await asyncio.sleep(0.01)


@pytest.mark.sqlite
async def test_the_next_call_does_not_wait_for_the_disk(database: Database, folder: Path) -> None:
    async with meeting(database, folder, GOOD) as (host, inside):
        await inside.chat(max_tokens=100)
        await written(database, SPARE)
        other = sqlite3.connect(str(database.engine.url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")  # nobody else writes until this is over
        async with asyncio.timeout(150):
            got = await inside.chat(max_tokens=100)
        other.execute("ROLLBACK")
        other.close()

    assert (got.status, len(host.seen)) == (200, 2)
    assert [call.status for call in await rows(database)] == [CallStatus.DONE] * 2


async def test_it_is_on_disk_before_the_call_and_gone_after_the_attempt(
    database: Database, folder: Path
) -> None:
    async with meeting(database, folder, GOOD) as (_, inside):
        await inside.chat(max_tokens=100)
        await written(database, SPARE)
        told = await database.read(lambda c: calls.spend(c, "run1"))

    assert told.calls == 1
    assert await statuses(database) == ["done"]


async def test_a_call_that_is_larger_is_set_aside_by_itself(
    database: Database, folder: Path
) -> None:
    async with meeting(database, folder, GOOD) as (host, inside):
        await inside.chat(max_tokens=100)
        await written(database, SPARE)
        await inside.chat(max_tokens=90_000)

    assert len(host.seen) == 2
    assert await statuses(database) == ["done", "done"]


async def test_half_of_a_shared_budget_stays_free_of_it(database: Database, folder: Path) -> None:
    budgets = Budgets(repository_day=Budget(usd=0.02))
    async with Host([GOOD]).running() as host:
        endpoint = an_endpoint(host.url)
        async with (
            gateway_of(database, folder, budgets, one=endpoint) as gateway,
            opened(gateway) as inside,
        ):
            await inside.chat(max_tokens=100)
            await written(database, ["done"])
            await asyncio.sleep(0.2)
            during = await statuses(database)

    assert during == ["done"]


async def test_a_host_that_says_more_than_it_could_is_believed_at_once(
    database: Database, folder: Path
) -> None:
    keep_clear()
    far_more = {**CHAT_USAGE, "prompt_tokens": 10_000_000, "total_tokens": 10_000_050}
    budgets = Budgets(repository_day=Budget(usd=1.0))
    async with Host([Answer.of({"choices": [{}], "usage": far_more})]).running() as host:
        endpoint = an_endpoint(host.url)
        async with (
            gateway_of(database, folder, budgets, one=endpoint) as gateway,
            opened(gateway) as inside,
        ):
            first = await inside.chat(max_tokens=100)
            second = await inside.chat(max_tokens=100)

    assert (first.status, second.status, len(host.seen)) == (200, 402, 1)
    assert await statuses(database) == ["done", "refused"]


async def test_two_attempts_and_what_is_set_aside_for_both_never_pass_a_budget(
    database: Database, folder: Path
) -> None:
    keep_clear()
    most = 0.15
    async with Host([GOOD]).running() as host:
        endpoint = an_endpoint(host.url)
        budgets = Budgets(repository_day=Budget(usd=most))
        async with (
            gateway_of(database, folder, budgets, one=endpoint) as gateway,
            opened(gateway, a_job(run_id="run1")) as one,
            opened(gateway, a_job(run_id="run2", role=Role.REVIEW)) as two,
        ):
            for _ in range(30):
                await asyncio.gather(one.chat(max_tokens=1000), two.chat(max_tokens=1000))
                await asyncio.sleep(0.04)
    spent = [await database.read(lambda c, run=run: calls.spend(c, run)) for run in RUNS]  # type: ignore[misc]

    assert most * 0.7 < sum(each.usd for each in spent) <= most


async def test_what_a_killed_process_had_set_aside_is_counted_at_its_largest(
    database: Database, folder: Path
) -> None:
    async with meeting(database, folder, GOOD) as (_, inside):
        await inside.chat(max_tokens=100)
        await written(database, SPARE)
        closed = await database.write(lambda c: calls.abandon(c, time.time() + 1))
        kept = await rows(database)

    assert closed == 1
    assert (kept[1].status, kept[1].estimated) == (CallStatus.FAILED, True)
    assert (kept[1].usd or 0) > (kept[0].usd or 0)


RUNS = ("run1", "run2")
