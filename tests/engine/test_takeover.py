"""What an executor left is taken over by its name: by DBOS's private call, or by public ones."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from dbos import DBOS

from bot.engine.children import RECOVERIES
from bot.engine.durable import system
from bot.engine.tries import POISON
from tests.engine.replaying import RECORDED, Rows, acts, end_of, engine, load, migrated, stop

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]
DEAD = "dead"


async def taken_over(file: Path, recover: Callable[[str], int]) -> tuple[int, int, set[str]]:
    """Take over twice, and end all; answer how many there were each time, and their ends."""
    rows: Rows = json.loads(RECORDED[-1].read_text())
    await migrated(file)
    parents = load(file, rows, DEAD)
    async with engine(file, acts()[0]):
        assert DEAD in await system.executors_at_work()
        for flow in parents:
            await stop(flow)
        first = await asyncio.to_thread(recover, DEAD)
        ends = {(await end_of(flow))[0] for flow in parents}
        return first, await asyncio.to_thread(recover, DEAD), ends


async def test_the_private_call_is_there_and_takes_each_run_once(tmp_path: Path) -> None:
    assert system.recoverer() is system.recover
    assert hasattr(DBOS, "_recover_pending_workflows")

    first, second, ends = await taken_over(tmp_path / "engine.sqlite", system.recover)

    assert (first, second, ends) == (3, 0, {"SUCCESS"})


async def test_the_public_calls_do_the_same(tmp_path: Path) -> None:
    first, second, ends = await taken_over(tmp_path / "engine.sqlite", system.recover_publicly)

    assert (first, second, ends) == (3, 0, {"SUCCESS"})


async def test_a_child_that_kills_its_worker_each_time_ends_its_run_with_a_word(
    tmp_path: Path,
) -> None:
    rows: Rows = json.loads(RECORDED[-1].read_text())
    parent, child = "a5991628052b", "a5991628052b/work-1"
    keep = {parent, child, f"{parent}/plan-1"}
    poison = {"status": "PENDING", "executor_id": "local", "recovery_attempts": RECOVERIES + 1}
    rows["workflow_status"] = [
        {**row, **(poison if row["workflow_uuid"] == child else {})}
        for row in rows["workflow_status"]
        if row["workflow_uuid"] in keep
    ]
    rows["operation_outputs"] = [
        row
        for row in rows["operation_outputs"]
        if row["workflow_uuid"] in keep
        and (row["workflow_uuid"], row["function_id"]) < (parent, 16)
    ]
    rows["workflow_output"] = [r for r in rows["workflow_output"] if r["workflow_uuid"] in keep]
    rows["notifications"] = []
    file = tmp_path / "engine.sqlite"
    await migrated(file)
    load(file, rows)
    made, done = acts(asked=False)

    async with engine(file, made):
        await end_of(parent)

    assert f"finish {POISON}" in done
