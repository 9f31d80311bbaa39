"""One try of a stage is under way; where its worker died with it, it begins again, later each time.

What kills its worker and what is only caught in a storm of restarts differ in nothing but time: the
pauses spread the tries, so that a storm of minutes is over before one is given up.
"""

import asyncio
import time
from collections.abc import AsyncIterator, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.engine.budget import WAITED, WAITS_SINCE
from bot.errors import StageFailed
from bot.pipeline.ports import Attempt
from bot.runs import RunEvent, RunStatus, StageRecord, StageStatus
from bot.store import runs
from bot.store.database import Connection, Database

POISON = "poison"
PAUSES = (0.0, 2.0, 5.0, 15.0, 30.0, 60.0, 120.0)
"""Seconds between two beginnings of a try that has had one death, two, …; after one more it is
given up."""
BEGUN_AGAIN, PUT_DOWN = "begun_again", "put_down"
"""Events: after a death; by a worker that was told to end, which is none."""
MOST_EVENTS = 1000

AtWork = MutableMapping[tuple[str, str], StageRecord]
"""The tries that are under way in this process, by run and key."""


@dataclass(slots=True, kw_only=True)
class Tries:
    """The tries of one child, as one process makes them."""

    database: Database
    at_work: AtWork
    pauses: Sequence[float] = PAUSES
    _begun: set[str] = field(default_factory=set)
    """Keys of those that this process began: beginning once more tells of no death."""

    @asynccontextmanager
    async def trying(self, record: StageRecord, status: RunStatus) -> AsyncIterator[None]:
        """Write down that a try begins.

        Raises StageFailed (`poison`) where that took its worker down too often.
        """
        deaths, began = 0, 0.0
        if record.key not in self._begun:
            deaths, began = await self.database.read(lambda c: count_deaths(c, record))
        if deaths > len(self.pauses):
            raise StageFailed(POISON, _given_up(record, deaths), blocked=True)
        if deaths:
            await asyncio.sleep(_left(self.pauses[deaths - 1], began))
        self._begun.add(record.key)
        await self.database.write(lambda c: _begin(c, record, status, deaths))
        self.at_work[record.run_id, record.key] = record
        try:
            yield
        finally:
            self.at_work.pop((record.run_id, record.key), None)


def record_of(attempt: Attempt) -> StageRecord:
    """The row of a try that begins now."""
    return StageRecord(
        run_id=attempt.run.id,
        key=attempt.key,
        name=attempt.name,
        attempt=attempt.number,
        status=StageStatus.RUNNING,
        started_at=time.time(),
    )


def count_deaths(c: Connection, record: StageRecord) -> tuple[int, float]:
    """Say how many workers died since a try was begun first, while it was under way, and when it
    began last."""
    before = next((s for s in runs.stages(c, record.run_id) if s.key == record.key), None)
    if before is None or before.status is not StageStatus.RUNNING:
        return 0, 0.0
    found = runs.recent_events(c, record.run_id, (BEGUN_AGAIN, PUT_DOWN), MOST_EVENTS)
    types = [event.type for event in found if event.data.get("key") == record.key]
    deaths = max(0, 1 + types.count(BEGUN_AGAIN) - types.count(PUT_DOWN))
    return deaths, before.started_at or 0.0


def waits(c: Connection, attempt: Attempt, text: str, waited: float) -> bool:
    """Write down what a try waits for ("": it goes on), and how many seconds it has waited so far:
    none of its agent's minutes. Is it something else than before?
    """
    before, words = runs.get(c, attempt.run.id), text or None
    runs.update(c, attempt.run.id, work={"waits_for": words})
    for record in runs.stages(c, attempt.run.id):
        if record.key == attempt.key and record.status is StageStatus.RUNNING:
            since = {WAITS_SINCE: time.time()} if text else {}
            result = {WAITED: round(waited, 3), **since}
            runs.save_stage(c, record.model_copy(update={"result": result}))
    return before is not None and before.work.waits_for != words


def save_end(c: Connection, ended: StageRecord) -> None:
    """Write down how a try ended; what it waited stays known."""
    before = next((s for s in runs.stages(c, ended.run_id) if s.key == ended.key), None)
    waited = {} if before is None else {k: v for k, v in before.result.items() if k == WAITED}
    runs.save_stage(c, ended.model_copy(update={"result": {**ended.result, **waited}}))


def put_down(c: Connection, at_work: AtWork) -> None:
    """Note that this process ends because it was told to, whatever is under way."""
    for record in at_work.values():
        runs.append_events(c, record.run_id, [_event(record, PUT_DOWN)], time.time())


def _begin(c: Connection, record: StageRecord, status: RunStatus, deaths: int) -> None:
    runs.save_stage(c, record)
    runs.update(c, record.run_id, status=status)
    if deaths:
        again = [_event(record, BEGUN_AGAIN, deaths=deaths)]
        runs.append_events(c, record.run_id, again, time.time())


def _left(pause: float, began: float) -> float:
    """Seconds that are left of a pause, whatever another machine's clock said at its beginning."""
    return min(pause, max(0.0, began + pause - time.time()))


def _event(record: StageRecord, kind: str, **data: int) -> RunEvent:
    told = {"key": record.key, **data}
    return RunEvent(stage=record.name, attempt=record.attempt, type=kind, data=told)


def _given_up(record: StageRecord, deaths: int) -> str:
    return (
        f"the worker that ran `{record.name}` died of it {deaths} times; it is not tried again by"
        " itself. Look for what kills it (memory?), then `/coppice retry`"
    )
