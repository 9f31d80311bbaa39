"""A run that waits for room is one step, however long that takes and however often it looks."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from dbos import DBOS, DBOSPortableJSONSerializer, SetWorkflowID

from bot.engine.cluster.fairness import Limits, Want
from bot.engine.cluster.slots import Slots, Withdrawn
from bot.engine.durable import sqlite, system
from bot.engine.durable.steps import register
from bot.engine.outcome import GO_ON, stopped
from bot.engine.parent import Parent
from bot.engine.queueing import QueueActs
from bot.engine.room import wait_for_room
from bot.runs import Json, Publish, Run, RunStatus, Stop
from bot.store import pauses, runs
from bot.store.database import Database
from tests.store.rows import SHOP, a_run

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]
RUN = a_run(publish=Publish.COMMENT)


class Desk:
    """In the place of a writer: the run's row alone, and how often somebody looked at it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.looks = 0

    @property
    def shop(self) -> "Desk":
        return self

    @property
    def run(self) -> Run:
        return self._run

    async def story(self, run_id: str) -> "Desk":
        found = await self.database.read(lambda c: runs.get(c, run_id))
        assert found is not None
        self._run, self.looks = found, self.looks + 1
        return self

    async def update(self, run_id: str, **changes: Any) -> Run:
        return await self.database.write(lambda c: runs.update(c, run_id, **changes))

    async def looked(self, times: int) -> None:
        async with asyncio.timeout(150):
            while self.looks < times:
                await asyncio.sleep(0.05)


class Queueing:
    """The acts that a wait needs, on that desk."""

    def __init__(self, desk: Any) -> None:
        self.queue = QueueActs(desk, desk)
        self.desk, self.said = desk, list[str | None]()

    async def look(self, run_id: str) -> Json:
        run = (await self.desk.story(run_id)).run
        return (stopped(run.stop) if run.stop else GO_ON).model_dump(mode="json")

    async def comment(self, run_id: str) -> Json:
        self.said.append((await self.desk.story(run_id)).run.work.waits_for)
        return GO_ON.model_dump(mode="json")


async def steps(acts: Any, *, after: Any) -> tuple[str, list[str]]:
    """Wait in a workflow while ``after`` goes on; answer how it went, and its steps."""

    async def body(run_id: str) -> str:
        outcome, _ = await wait_for_room(Parent(run_id, acts, acts), (acts.comment,))
        return str(outcome.status)

    flow = register("waits", None, body)
    DBOS.launch()
    try:
        with SetWorkflowID(RUN.id):
            handle = await DBOS.start_workflow_async(flow, RUN.id)
        await after
        status = await handle.get_result()
        listed = await DBOS.list_workflow_steps_async(RUN.id)
        return status, [step["function_name"] for step in listed]
    finally:
        DBOS.destroy(destroy_registry=True)


@pytest.fixture
def engine(tmp_path: Path) -> None:
    DBOS(
        config={
            "name": "coppice",
            "system_database_engine": sqlite.create(tmp_path / "engine.sqlite"),
            "application_version": system.VERSION,
            "log_level": "CRITICAL",
            "serializer": DBOSPortableJSONSerializer(),
        }
    )


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("end", ["resume", "stop"])
async def test_a_paused_run_looks_often_and_leaves_one_step(tmp_path: Path, end: str) -> None:
    database = await Database.open(f"sqlite:///{tmp_path}/coppice.sqlite")
    desk = Desk(database)
    await database.write(lambda c: runs.insert(c, RUN))
    await database.write(lambda c: pauses.pause(c, SHOP.id, "ana", 1.0))
    stop = Stop(by="ana", reason="enough")

    async def after() -> None:
        await desk.looked(6)
        if end == "resume":
            await database.write(lambda c: pauses.resume(c, SHOP.id, "ana", 2.0))
        else:
            await database.write(lambda c: runs.request_stop(c, RUN.id, stop))

    acts = Queueing(desk)
    status, names = await steps(acts, after=after())

    assert names.count("wait_for_room") == 1
    assert names.count("room") == (2 if end == "resume" else 1)
    assert status == str(None if end == "resume" else RunStatus.CANCELLED)
    assert acts.said == ["the repository was paused by `ana`; `/coppice resume` lets it begin"]
    await database.close()


async def test_who_was_told_to_end_right_before_it_waited_waits_no_more(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite:///{tmp_path}/coppice.sqlite")
    slots = Slots(worker=1, limits=Limits(repository=9, installation=9))
    acts = QueueActs(cast(Any, Desk(database)), slots)
    run = RUN.model_copy(update={"stop": Stop(by="ana", reason="enough")})
    await database.write(lambda c: runs.insert(c, run))
    looking = asyncio.create_task(acts.keep_telling())

    async with asyncio.timeout(150), slots.take(Want.of(a_run("0" * 12, issue=2), "other")):
        with pytest.raises(Withdrawn):
            async with slots.take(Want.of(run, f"{run.id}/work-1")):
                pass

    looking.cancel()
    await database.close()


@pytest.mark.usefixtures("engine")
async def test_what_it_waits_for_now_is_said_anew(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite:///{tmp_path}/coppice.sqlite")
    desk = Desk(database)
    await database.write(lambda c: runs.insert(c, RUN))
    await database.write(lambda c: pauses.pause(c, SHOP.id, "ana", 1.0))
    acts = Queueing(desk)

    async def after() -> None:
        for n, by in enumerate(("ben", ""), 1):
            async with asyncio.timeout(150):
                while len(acts.said) < n:
                    await asyncio.sleep(0.05)
            change = pauses.pause if by else pauses.resume
            await database.write(partial(change, repository_id=SHOP.id, by=by, at=2.0))

    await steps(acts, after=after())

    assert [str(said)[:35] for said in acts.said] == [
        "the repository was paused by `ana`;",
        "the repository was paused by `ben`;",
    ]
    await database.close()
