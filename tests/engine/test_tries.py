"""A try that takes its worker down each time is given up; a storm of restarts is lived through."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from bot.engine.tries import PAUSES, POISON, AtWork, Tries, count_deaths, put_down, save_end, waits
from bot.errors import StageFailed
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.ports import Attempt
from bot.runs import RunStatus, StageRecord, StageStatus
from bot.store import runs
from bot.store.database import Database
from tests.engine.test_budget import run

pytestmark = pytest.mark.slow


@pytest.fixture
async def database(either_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(either_url)
    await opened.write(lambda c: runs.insert(c, run()))
    yield opened
    await opened.close()


def implement(began: float = 1.0) -> StageRecord:
    return StageRecord(
        run_id=run().id,
        key="work-1/implement-1",
        name="implement",
        attempt=1,
        status=StageStatus.RUNNING,
        started_at=began,
    )


async def die(database: Database, *, began: float = 1.0) -> AtWork:
    """Begin a try in a process that dies with it; answer what was under way then."""
    at_work: AtWork = {}
    tries = Tries(database=database, at_work=at_work)
    async with tries.trying(implement(began), RunStatus.RUNNING):
        return dict(at_work)


async def deaths(database: Database) -> int:
    return (await database.read(lambda c: count_deaths(c, implement())))[0]


async def test_a_try_that_took_its_worker_down_too_often_is_given_up(database: Database) -> None:
    for _ in range(len(PAUSES) + 1):
        await die(database)

    with pytest.raises(StageFailed) as failed:
        await die(database)

    assert (failed.value.kind, failed.value.blocked) == (POISON, True)
    assert "`implement` died of it 8 times" in failed.value.reason


async def test_each_time_that_it_begins_again_is_told(database: Database) -> None:
    for _ in range(3):
        await die(database)

    told = [event for _, _, event in await database.read(lambda c: runs.events(c, run().id))]

    assert [(e.type, e.data["deaths"]) for e in told] == [("begun_again", 1), ("begun_again", 2)]


async def test_in_a_storm_of_restarts_nothing_begins_before_its_time(database: Database) -> None:
    for _ in range(5):
        await die(database, began=time.time() - 60)  # each pause was over by then
    await die(database, began=time.time())

    for _ in range(20):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await die(database)

    assert await deaths(database) == 6


async def test_a_clock_that_is_far_ahead_makes_no_pause_longer(database: Database) -> None:
    await die(database, began=time.time() + 86400)
    async with asyncio.timeout(150):
        await die(database, began=time.time() + 86400)
        await die(database)

    assert await deaths(database) == 3


async def test_a_worker_that_was_told_to_end_died_of_nothing(database: Database) -> None:
    for _ in range(20):
        await database.write(partial(put_down, at_work=await die(database)))

    assert await deaths(database) == 0


async def test_beginning_once_more_in_one_process_tells_of_no_death(database: Database) -> None:
    tries = Tries(database=database, at_work={}, pauses=())

    async with asyncio.timeout(150):
        for _ in range(3):  # GitHub puts a read of the stage off, and the step begins anew
            async with tries.trying(implement(), RunStatus.RUNNING):
                pass

    assert await deaths(database) == 1


async def test_a_try_that_has_ended_and_begins_again_has_had_no_death(database: Database) -> None:
    await die(database)
    ended = implement().model_copy(update={"status": StageStatus.PASSED, "ended_at": 2.0})
    await database.write(lambda c: runs.save_stage(c, ended))

    assert await deaths(database) == 0


async def test_what_a_try_waited_for_its_model_stays_known_at_its_end(database: Database) -> None:
    at_work = Attempt(
        run=run(),
        name="implement",
        key=implement().key,
        number=1,
        overall=1,
        config=RepositoryConfig(),
    )
    await die(database)

    words = "waits for the model: 429, 40 s"
    said = [await database.write(lambda c: waits(c, at_work, words, 2.0))]
    meanwhile = await stored(database)
    for _ in range(2):
        said.append(await database.write(lambda c: waits(c, at_work, "", 42.0)))
    ended = implement().model_copy(
        update={"status": StageStatus.PASSED, "ended_at": 100.0, "result": {"summary": "Done."}}
    )
    await database.write(lambda c: save_end(c, ended))

    assert (meanwhile["waited"], "waits_since" in meanwhile) == (2.0, True)
    assert await stored(database) == {"summary": "Done.", "waited": 42.0}
    assert said == [True, True, False]


async def stored(database: Database) -> Any:
    (record,) = await database.read(lambda c: runs.stages(c, run().id))
    return record.result
